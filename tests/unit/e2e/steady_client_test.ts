import assert from "node:assert/strict";
import { firstTrouble, recoveryMs, type SteadyRequest } from "../../e2e/steady_client.ts";

/** A request every 20 ms, each answered as this says: P by the pod, L by the laptop, s by the pod but slowly, x by nobody. */
function requests(answers: string): SteadyRequest[] {
  const who = { P: "POD", L: "LAPTOP", s: "POD", x: "ECONNREFUSED" } as Record<string, string>;
  return [...answers].map((answer, index) => ({
    number: index + 1,
    sent: 1000 + index * 20,
    ms: answer === "s" ? 1500 : 2,
    who: who[answer]!,
  }));
}

Deno.test("recoveryMs is the time to the first request from which on all are well", () => {
  assert.equal(recoveryMs(requests("LLLLxxPxPPP"), 1070, ["POD"]), 1160 - 1070);
  assert.equal(recoveryMs(requests("LLLLLPPP"), 1070, ["POD"]), 1100 - 1070);
});

Deno.test("recoveryMs counts a slow answer as none", () => {
  assert.equal(recoveryMs(requests("LLPPsPP"), 1035, ["POD"]), 1100 - 1035);
});

Deno.test("firstTrouble is the time of the first request that was not well", () => {
  assert.equal(firstTrouble(requests("xLLxPxP"), 1010, ["POD", "LAPTOP"]), 1060);
  assert.equal(firstTrouble(requests("xLsPP"), 1010, ["POD", "LAPTOP"]), 1040);
  assert.equal(firstTrouble(requests("xLPP"), 1010, ["POD", "LAPTOP"]), undefined);
});

Deno.test("recoveryMs is 0 where nobody noticed, and ignores what was before", () => {
  assert.equal(recoveryMs(requests("xxLPPP"), 1050, ["POD"]), 0);
});

Deno.test("recoveryMs is endless where the last one was not well, and where nobody asked", () => {
  assert.equal(recoveryMs(requests("LLPPx"), 1030, ["POD"]), Infinity);
  assert.equal(recoveryMs([], 1030, ["POD"]), Infinity);
});
