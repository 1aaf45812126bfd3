import assert from "node:assert/strict";
import { Report } from "../../suite/report.ts";

const ended = { stdout: "", seconds: 1 };

Deno.test("Report ends with the slowest tests, the files that failed, and the count as the last line", () => {
  const report = new Report();
  const tests = Array.from({ length: 12 }, (_, at) => `test ${at} ... ok (${at + 1}s)\n`).join("");
  report.add("a_test.ts", { ...ended, code: 0, output: `${tests}ok | 12 passed | 0 failed (78s)\n` });
  report.add("b_test.ts", { ...ended, code: 1, output: "bad ... FAILED (2m0s)\nFAILED | 3 passed | 1 failed (2m)\n" });
  report.fail("the cluster of lane 2");
  const lines = report.lines(719.6);
  assert.deepEqual(lines.slice(0, 2), ["", "── why b_test.ts failed"]);
  const slowest = lines.indexOf("slowest tests:");
  assert.equal(lines[slowest + 1], "   120 s  bad (b_test.ts)");
  assert.equal(lines.filter((line) => / s {2}/.test(line)).length, 10);
  assert.deepEqual(lines.slice(-6), [
    ...["", "failed: b_test.ts", "failed: the cluster of lane 2", ""],
    "12 min 0 s",
    "15 passed, 2 failed",
  ]);
});
