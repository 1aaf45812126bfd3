import assert from "node:assert/strict";
import { until } from "../../cluster/wait.ts";

Deno.test("until() says what it waited for, and what was missing", async () => {
  await assert.rejects(
    until("the rain", 0, () => false, { missing: () => "a cloud", hint: "look up" }),
    { message: "Cannot wait longer than 0 s for the rain: a cloud", hint: "look up" },
  );
});

Deno.test("until() ends with the signal", async () => {
  const reason = new Error("enough");
  await assert.rejects(until("the rain", 60, () => false, { signal: AbortSignal.abort(reason) }), reason);
});
