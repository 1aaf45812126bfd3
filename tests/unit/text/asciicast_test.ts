import assert from "node:assert/strict";
import { castHeader, castOutput, castResize, CastText } from "../../../src/text/asciicast.ts";
import { safePrinted } from "../../../src/text/safe.ts";

Deno.test("castHeader(), castOutput() and castResize() are lines of asciicast v2", () => {
  const header = { columns: 80, rows: 24, timestamp: 1767323045, command: "scope ping", env: { TERM: "xterm" } };
  assert.deepEqual(JSON.parse(castHeader(header)), {
    ...{ version: 2, width: 80, height: 24, timestamp: 1767323045, command: "scope ping", env: { TERM: "xterm" } },
  });
  assert.equal(castOutput(1234.5678, 'a"\n\x1b'), '[1.234568, "o", "a\\"\\n\\u001b"]\n');
  assert.equal(castResize(0, { columns: 100, rows: 30 }), '[0.000000, "r", "100x30"]\n');
});

Deno.test("CastText puts characters together that come in pieces, wherever they are cut", () => {
  const bytes = new TextEncoder().encode("aä€😀b\n");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const text = new CastText();
    assert.equal(text.add(bytes.subarray(0, cut)) + text.add(bytes.subarray(cut)), "aä€😀b\r\n");
  }
});

Deno.test("CastText shows text as it is told to", () => {
  assert.equal(
    new CastText((text) => safePrinted(text, true)).add(new TextEncoder().encode("\x1b[2Ja\n")),
    "\\x1b[2Ja\r\n",
  );
});

Deno.test("CastText ends lines as a terminal does, also where they come in pieces", () => {
  const text = new CastText();
  assert.deepEqual(["a\nb\r\n", "c\r", "\nd\n", "\n"].map((part) => text.add(new TextEncoder().encode(part))), [
    "a\r\nb\r\n",
    "c\r",
    "\nd\r\n",
    "\r\n",
  ]);
});
