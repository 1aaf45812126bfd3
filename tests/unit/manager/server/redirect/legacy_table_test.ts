import assert from "node:assert/strict";
import { AF_INET, AF_INET6 } from "../../../../../src/manager/server/redirect/address.ts";
import { infoLength, legacyRules } from "../../../../../src/manager/server/redirect/legacy_table.ts";
import { istioBytes, istioText } from "./istio.ts";

for (
  const [name, family, saved] of [["legacy_4.bin", AF_INET, "iptables.txt"], [
    "legacy_6.bin",
    AF_INET6,
    "ip6tables.txt",
  ]] as const
) {
  Deno.test(`legacyRules() reads ${name} as iptables-legacy-save has printed it`, () => {
    const bytes = istioBytes(name);
    const rules = legacyRules({ info: bytes.subarray(0, infoLength), entries: bytes.subarray(infoLength) }, family);
    assert.deepEqual(rules, istioText(saved).split("\n").filter((line) => line.startsWith("-A ")));
  });
}

Deno.test("legacyRules() of a table that nobody has written to is empty", () => {
  const bytes = istioBytes("legacy_4.bin"), entries = bytes.subarray(infoLength);
  assert.deepEqual(legacyRules({ info: new Uint8Array(infoLength), entries: entries.subarray(0, 0) }, AF_INET), []);
});
