import assert from "node:assert/strict";
import { onAbort } from "../../../src/lib/on_abort.ts";

Deno.test("onAbort() calls the action once, when the signal is aborted", () => {
  const stop = new AbortController();
  let calls = 0;
  using _abort = onAbort(stop.signal, () => calls++);
  assert.equal(calls, 0);
  stop.abort();
  stop.abort();
  stop.signal.dispatchEvent(new Event("abort"));
  assert.equal(calls, 1);
});

Deno.test("onAbort() calls the action at once where the signal is aborted already", () => {
  let calls = 0;
  using _abort = onAbort(AbortSignal.abort(), () => calls++);
  assert.equal(calls, 1);
});

Deno.test("onAbort() calls nothing after it was disposed", () => {
  const stop = new AbortController();
  let calls = 0;
  {
    using _abort = onAbort(stop.signal, () => calls++);
  }
  stop.abort();
  assert.equal(calls, 0);
});

Deno.test("onAbort() passes the action no arguments, so that it may be any function without them", () => {
  const stop = new AbortController();
  let passed: unknown[] = ["nothing was called"];
  using _abort = onAbort(stop.signal, (...args: unknown[]) => passed = args);
  stop.abort();
  assert.deepEqual(passed, []);
});
