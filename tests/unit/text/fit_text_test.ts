import assert from "node:assert/strict";
import stringWidth from "string-width";
import { escaped, forPrograms, safe, safePrinted } from "../../../src/text/safe.ts";
import { clip, pad, shorten, shortenMiddle, width } from "../../../src/text/fit_text.ts";

Deno.test("safe() escapes whatever could drive a terminal or turn text round", () => {
  assert.equal(safe("a\x1b]0;title\x07b\x9b2J"), "a\\x1b]0;title\\x07b\\x9b2J");
  assert.equal(safe("x\n\r\ty\x7f"), "x\\n\\r\\ty\\x7f");
  assert.equal(safe("\u202egnp.exe\u2028"), "\\u{202e}gnp.exe\\u{2028}");
  assert.equal(safe("Zürich 東京"), "Zürich 東京");
  assert.equal(safe("\ufeffa\u00adb\u200bc\u2060"), "\\u{feff}a\\xadb\\u{200b}c\\u{2060}");
});

Deno.test("safe() leaves what joins letters and emoji, and the signs of Arabic", () => {
  for (const text of ["👩‍💻", "نمی‌خواهم", "क्‍ष", "\u0600\u06dd\u08e2"]) assert.equal(safe(text), text);
});

Deno.test("safe() keeps everything for programs, but makes one line of each text", () => {
  assert.equal(forPrograms(() => safe("\x1b[2J\u202e\r\t\n\x9b\ud800")), "\x1b[2J\u202e\r\t\\n\x9b\ud800");
  assert.throws(() => forPrograms(() => assert.fail()));
  assert.equal(safe("\x1b"), "\\x1b");
});

Deno.test("safePrinted() escapes all for a recording, also of text that is for programs", () => {
  const text = "\x1b[31ma\r.\x1b[2J\n";
  forPrograms(() => {
    assert.equal(safePrinted(text, true), text);
    assert.equal(safePrinted(text, true, escaped), "\x1b[31ma\\r.\\x1b[2J\n");
  });
});

Deno.test("safePrinted() keeps lines, tabs and colours", () => {
  assert.equal(safePrinted("\x1b[31ma\tb\n\x1b[0;1m\x1b[2Jc", true), "\x1b[31ma\tb\n\x1b[0;1m\\x1b[2Jc");
  assert.equal(safePrinted("\x1b[31ma\tb\n\x1b[0;1m\x1b[2Jc", false), "a\tb\n\\x1b[2Jc");
});

Deno.test("clip(), shorten(), shortenMiddle() and pad() count columns, not characters", () => {
  assert.equal(clip("東京都", 5), "東京");
  assert.equal(shorten("東京都", 5), "東京…");
  assert.equal(shortenMiddle("web-7d9f8c6b5-abcde", 11), "web-7…abcde");
  assert.equal(pad("東", 4), "東  ");
  assert.equal(pad("1", 3, "right"), "  1");
  assert.equal(width(pad("東京都", 4)), 4);
  for (const columns of [0, 1, 2, 3, 4, 5, 6]) assert.ok(width(shortenMiddle("東京都大阪", columns)) <= columns);
});

Deno.test("width() agrees with string-width on what charts are drawn with", () => {
  for (const character of "╭╮╰╯│─┈┤└▁▂▃▄▅▆▇█×·…○●◐▸↑↓") {
    assert.equal(width(character), stringWidth(character), character);
  }
});
