import assert from "node:assert/strict";
import { parseOutput } from "../../suite/output.ts";

const printed = `\x1b[0m\x1b[38;5;245mrunning 3 tests from ./tests/e2e/a_test.ts\x1b[0m
first ... \x1b[0m\x1b[32mok\x1b[0m \x1b[0m\x1b[38;5;245m(120ms)\x1b[0m
with steps ...
  a step ... ok (1s)
with steps ... ok (1m2s)
broken ... FAILED (3s)

\x1b[0m\x1b[37m\x1b[41m ERRORS \x1b[0m

broken => ./tests/e2e/a_test.ts:3:6
error: AssertionError: 1 is not 2

 FAILURES 

broken => ./tests/e2e/a_test.ts:3:6

FAILED | 2 passed (1 step) | 1 failed (1m5s)
`;

Deno.test("parseOutput() counts tests, not steps, and has their durations", () => {
  assert.deepEqual(parseOutput(printed, 1), {
    passed: 2,
    failed: 1,
    tests: [{ name: "first", seconds: 0.12 }, { name: "with steps", seconds: 62 }, { name: "broken", seconds: 3 }],
    reasons: ["broken => ./tests/e2e/a_test.ts:3:6", "error: AssertionError: 1 is not 2"],
  });
});

Deno.test("parseOutput() adds up several runs", () => {
  const output = "ok | 5 passed | 0 failed (2s)\n\nFAILED | 3 passed | 1 failed (2s)\n";
  const { passed, failed } = parseOutput(output, 1);
  assert.deepEqual([passed, failed], [8, 1]);
});

Deno.test("parseOutput() counts a run that fails without a failed test as one failure", () => {
  const unchecked = parseOutput("error: Type checking failed.\n", 1);
  assert.deepEqual(unchecked, { passed: 0, failed: 1, tests: [], reasons: ["error: Type checking failed."] });
  const output = "ok | 5 passed | 0 failed (2s)\n", summary = { passed: 5, tests: [] };
  assert.deepEqual(parseOutput(output, 143), { ...summary, failed: 1, reasons: [output.trim()] });
  assert.deepEqual(parseOutput(output, 0), { ...summary, failed: 0, reasons: [] });
});
