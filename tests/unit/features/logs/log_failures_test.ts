import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import { LogFailures } from "../../../../src/features/logs/log_failures.ts";

const name = { namespace: "shop", pod: "web", container: "app" };
const task = 'read the logs of "web app"', hint = "check the cluster";

for (
  const [what, error, reason] of [
    [
      "an API server that does not answer, and the way out",
      new ScopeError("unreachable", "nobody is there", { task, hint, reason: "noAnswer" }),
      "nobody is there; check the cluster",
    ],
    [
      "a refusal, without the task and the hint",
      new ScopeError("unreachable", "its name: does not answer", { task, hint }),
      "its name: does not answer",
    ],
    ["an error without a task", new ScopeError("timeout", "Cannot wait: too long", { hint }), "Cannot wait: too long"],
  ] as const
) {
  Deno.test(`LogFailures says once, at the second failure, ${what}`, () => {
    const reasons: string[] = [];
    const failures = new LogFailures(name, (event) => reasons.push((event as { reason: string }).reason));
    failures.failed(error);
    assert.deepEqual(reasons, []);
    failures.failed(error);
    failures.failed(error);
    assert.deepEqual(reasons, [reason]);
  });
}

Deno.test("LogFailures says it also of a stream that was open for long, and tries again later each time", () => {
  const types: string[] = [], error = new ScopeError("unreachable", "nobody is there", { task, hint });
  const everyStreamIsGood = -1;
  const failures = new LogFailures(name, ({ type }) => types.push(type), everyStreamIsGood);
  const wait = () => {
    failures.failed(error);
    return failures.waitMs(error);
  };
  for (const expected of [["log.lost"], ["log.lost", "log.back", "log.lost"]]) {
    failures.opened();
    const [first, , third] = [wait(), wait(), wait()] as const;
    assert.deepEqual(types, expected);
    assert.ok(third > 2 * first, `${first}, then ${third} ms`); // 75 to 125 ms, then 300 to 500 ms
  }
});
