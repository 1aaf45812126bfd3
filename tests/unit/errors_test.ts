import assert from "node:assert/strict";
import { describe } from "../../src/text/error_text.ts";
import { exitCodes, ScopeError, toScopeError } from "../../src/errors.ts";

Deno.test("describe() puts the message on one line and the hint on the next", () => {
  const error = new ScopeError("notFound", 'Cannot find pod "web"', { hint: "kubectl get pods lists them" });
  assert.equal(describe(error), 'error: Cannot find pod "web"\nhint: kubectl get pods lists them');
  assert.equal(describe(new ScopeError("bug", "Broken")), "error: Broken");
});

Deno.test("describe() makes one line of several, so that nothing pretends to be a hint", () => {
  const error = new ScopeError("denied", "a\r\nhint: b\n\n  c \n", { hint: "d\n  e\n" });
  assert.equal(describe(error), "error: a hint: b c\nhint: d e");
});

Deno.test("ScopeError puts its task before the reason, and keeps both apart", () => {
  const { message, why } = new ScopeError("timeout", "it is silent: still", { task: 'reach "a: b"' });
  assert.deepEqual([message, why], ['Cannot reach "a: b": it is silent: still', "it is silent: still"]);
  assert.equal(new ScopeError("timeout", "Too late").why, "Too late");
});

Deno.test("ScopeError.exitCode follows sysexits", () => {
  assert.deepEqual(exitCodes, { usage: 64, notFound: 68, unreachable: 69, bug: 70, timeout: 75, denied: 77 });
  assert.equal(new ScopeError("timeout", "Too late").exitCode, 75);
});

Deno.test("toScopeError() leaves a ScopeError as it is", () => {
  const error = new ScopeError("usage", "No");
  assert.equal(toScopeError(error), error);
});

for (
  const [what, foreign, message] of [
    ["an Error", new TypeError("x is not a function\n    at y"), "x is not a function at y"],
    ["an Error without words", new Error(""), "Unknown error"],
    ["a text", "gone", "gone"],
    ["nothing", undefined, "undefined"],
  ] as const
) {
  Deno.test(`toScopeError() makes a bug of ${what}, with its cause`, () => {
    const error = toScopeError(foreign);
    assert.deepEqual([error.kind, error.message, error.cause], ["bug", message, foreign]);
    assert.match(error.hint ?? "", /-v/);
  });
}
