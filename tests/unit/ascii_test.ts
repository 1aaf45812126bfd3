import assert from "node:assert/strict";
import { ascii, isUnicode } from "../../src/ascii.ts";

Deno.test("ascii() has a sign of one column for every one that the renderers draw with", () => {
  const folder = new URL("../../src/renderers/", import.meta.url);
  const drawn = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    [...Deno.readTextFileSync(new URL(name, folder)).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "")]
      .filter((character) => character > "~")
  );
  // The library of the chart draws with these.
  for (const sign of new Set([...drawn, ..."┼┤╶╴─╰╭╮╯│"])) assert.match(ascii(sign), /^[ -~]$/, sign);
  assert.ok(drawn.includes("×"));
});

Deno.test("ascii() leaves names alone", () => {
  assert.equal(ascii("grüße-日本 × 3…"), "grüße-日本 x 3~");
});

Deno.test("isUnicode() takes the first variable that says something, as setlocale(3) does", () => {
  assert.equal(isUnicode({ LANG: "de_DE.UTF-8" }), true);
  assert.equal(isUnicode({ LANG: "de_DE.utf8", LC_ALL: "C" }), false);
  assert.equal(isUnicode({ LANG: "C", LC_CTYPE: "UTF-8" }), true);
  assert.equal(isUnicode({ LANG: "POSIX", LC_ALL: "" }), false);
  assert.equal(isUnicode({ LANG: "de_DE.ISO-8859-1" }), false);
  assert.equal(isUnicode({}), true);
});
