import assert from "node:assert/strict";
import { isGood, markdown, type Row } from "../../faults/table.ts";

const row = (more: Partial<Row>): Row => ({ fault: "kill-cli", via: "node", aftermaths: [], failures: [], ...more });

Deno.test("markdown() shows the worst of all runs, and counts failed runs and leaks", () => {
  const rows = [
    row({ aftermaths: [{ recoveryMs: 12.6, leaks: [] }, { recoveryMs: 2900, leaks: ["a rule", "a process"] }] }),
    row({ fault: "delete-pod", via: "ephemeral", aftermaths: [{ leaks: [] }], failures: ["exit code 1"] }),
  ];
  assert.equal(
    markdown(rows),
    [
      "| fault      | way       | runs | failed | worst recovery (ms) | leaks |",
      "| ---------- | --------- | ---- | ------ | ------------------- | ----- |",
      "| kill-cli   | node      | 2    | 0      | 2900                | 2     |",
      "| delete-pod | ephemeral | 2    | 1      | –                   | 0     |",
    ].join("\n"),
  );
});

Deno.test("isGood() is false after a late recovery, a leak, and a failed run", () => {
  assert.equal(isGood(row({ aftermaths: [{ recoveryMs: 3500, leaks: [] }, { leaks: [] }] })), true);
  assert.equal(isGood(row({ aftermaths: [{ recoveryMs: 3501, leaks: [] }] })), false);
  assert.equal(isGood(row({ aftermaths: [{ recoveryMs: 1, leaks: ["a rule"] }] })), false);
  assert.equal(isGood(row({ failures: ["exit code 1"] })), false);
});
