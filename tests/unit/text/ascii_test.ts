import assert from "node:assert/strict";
import { ascii, isUnicode } from "../../../src/text/ascii.ts";

/** Returns the sources of the directories that draw. */
function drawing(): string[] {
  const root = new URL("../../../src/", import.meta.url);
  const below = (directory: URL): string[] =>
    [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
      isDirectory ? below(new URL(`${name}/`, directory)) : [Deno.readTextFileSync(new URL(name, directory))]
    );
  return ["cli/", "features/", "terminal/", "text/"].flatMap((room) => below(new URL(room, root)));
}

Deno.test("ascii() has a sign of one column for every one that the renderers draw with", () => {
  const drawn = drawing().flatMap((source) =>
    [...source.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "")].filter((character) => character > "~")
  );
  // The chart library draws with these.
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
