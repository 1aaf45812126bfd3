import assert from "node:assert/strict";
import { sparkline } from "../../../../src/features/ping/sparkline.ts";

const at = 0;

Deno.test("sparkline() marks lost, unsent and in-flight packets", () => {
  const spans = sparkline([{ at, rttMs: 1 }, { at, missing: "lost" }, { at, missing: "unsent" }, undefined], 1);
  assert.deepEqual(spans, [
    { text: "▃", look: "good" },
    { text: "×", look: "bad" },
    { text: "○", look: "slow" },
    { text: "·", look: "dim" },
  ]);
});

Deno.test("sparkline() keeps noise low and lets outliers stand out", () => {
  const text = sparkline([1, 1.1, 0.9, 12].map((rttMs) => ({ at, rttMs })), 1).map((span) => span.text).join("");
  assert.equal(text, "▁▁▁█");
});

Deno.test("sparkline() shows times above twice the median as slow", () => {
  assert.deepEqual(sparkline([2, 2.1].map((rttMs) => ({ at, rttMs })), 1).map((span) => span.look), ["good", "slow"]);
});
