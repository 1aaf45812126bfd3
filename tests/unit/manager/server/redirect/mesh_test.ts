import assert from "node:assert/strict";
import { catchesInbound, outgoingCapture } from "../../../../../src/manager/server/redirect/mesh.ts";
import { istioText } from "./istio.ts";

const captured: [string, boolean][] = [
  ["iptables.txt", false],
  ["ip6tables.txt", false],
  ["dns_iptables.txt", true],
  ["native.nft", true],
];

for (const [name, dns] of captured) {
  Deno.test(`outgoingCapture() finds where the rules of ${name} lead, and whom they let through`, () => {
    assert.deepEqual(outgoingCapture(istioText(name)), { port: 15001, dns, users: [1337], groups: [1337] });
    assert.equal(catchesInbound(istioText(name)), true);
  });
}

// Rules that a user may remove by hand, or that an older Istio has with `-p tcp`.
const iptables = istioText("iptables.txt");
const cut: [string, string][] = [
  ["the way from OUTPUT", iptables.replace("-A OUTPUT -j ISTIO_OUTPUT\n", "")],
  ["the way on to ISTIO_REDIRECT", iptables.replace("-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n", "")],
  ["the sidecar's port", iptables.replace(/^-A ISTIO_REDIRECT .*\n/m, "")],
  ["the way from output, in nft", istioText("native.nft").replace(/\n.* jump istio-output\n/, "\n")],
  ["everything", ""],
];

for (const [what, rules] of cut) {
  Deno.test(`outgoingCapture() finds nothing without ${what}`, () => {
    assert.notEqual(rules, iptables);
    assert.equal(outgoingCapture(rules), undefined);
  });
}

Deno.test("outgoingCapture() reads the rules of older versions, which take TCP only, and of another port and user", () => {
  const older = iptables.replace("-A OUTPUT -j", "-A OUTPUT -p tcp -j").replaceAll("15001", "15101").replaceAll(
    "1337",
    "1000650001",
  );
  assert.deepEqual(outgoingCapture(older), { port: 15101, dns: false, users: [1000650001], groups: [1000650001] });
});

Deno.test("catchesInbound() and outgoingCapture() are not misled by rules of somebody else", () => {
  const other =
    "-A OUTPUT -p tcp -j KUBE_OUTPUT\n-A KUBE_OUTPUT -p tcp -j REDIRECT --to-ports 150060\n\tredirect to :8080";
  assert.equal(catchesInbound(other), false);
  assert.equal(outgoingCapture(other), undefined);
});
