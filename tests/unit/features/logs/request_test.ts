import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import { parseGrep, parseSince } from "../../../../src/features/logs/request.ts";

Deno.test("parseSince() reads times as kubectl does, in seconds", () => {
  const times = { "30s": 30, "5m": 300, "2h": 7200, "1h30m": 5400, "1.5m": 90, "1d": 86_400, "500ms": 1 };
  for (const [text, seconds] of Object.entries(times)) assert.equal(parseSince(text), seconds, text);
});

for (const text of ["", "5", "m", "-5m", "5 m", "0s", "5y", "99999999999h"]) {
  Deno.test(`parseSince() refuses "${text}" with a hint`, () => {
    assert.throws(() => parseSince(text), (error) => error instanceof ScopeError && error.kind === "usage");
  });
}

Deno.test("parseGrep() reads a regular expression, and (?i) at its start", () => {
  assert.ok(parseGrep("ERR|panic").test("a panic"));
  assert.ok(!parseGrep("err").test("ERR"));
  assert.ok(parseGrep("(?i)err").test("ERR"));
});

Deno.test("parseGrep() says what is wrong with an expression", () => {
  assert.throws(() => parseGrep("(a"), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.equal(error.message, 'Option --grep cannot be "(a"');
    assert.match(error.hint!, /Unterminated group$/);
    return true;
  });
});
