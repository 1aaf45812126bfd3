import assert from "node:assert/strict";
import {
  bypassCount,
  bypassLeaseText,
  bypassPriority,
  bypassReleaseText,
  type BypassRules,
  bypassTableText,
  countText,
} from "../../../../../src/manager/server/redirect/bypass_rules.ts";
import { firstPriority } from "../../../../../src/manager/server/redirect/rules.ts";

const rules: BypassRules = {
  table: "scope_1",
  ports: [],
  dns: false,
  users: [1337],
  groups: [1337],
  owner: 'ann"; drop@laptop',
};

Deno.test("bypassTableText() is one transaction on one line: first packets only, not on loopback, not the sidecar's own", () => {
  assert.equal(
    bypassTableText(rules, true),
    [
      "table inet scope_1 { flags owner;",
      'set bypass { type nf_proto; flags timeout; comment "ann___drop@laptop -105"; };',
      "counter around { };",
      "chain direct { dnat ip to ip daddr; dnat ip6 to ip6 daddr; };",
      "chain leased { tcp flags & (fin|syn|rst|ack) == syn counter name around jump direct; };",
      "chain output { type nat hook output priority -105; oif lo return;",
      "meta skuid { 1337 } return; meta skgid { 1337 } return;",
      "meta nfproto @bypass jump leased; }; }",
    ].join(" "),
  );
});

Deno.test("bypassTableText() takes certain ports, DNS, and no users or owner, as it is told", () => {
  const text = bypassTableText({ ...rules, ports: [80, 443], dns: true, users: [], groups: [] }, false);
  assert.match(text, /== syn tcp dport \{ 80, 443 \} counter name around jump direct; udp dport 53 jump direct; \}/);
  assert.doesNotMatch(text, /owner;|skuid|skgid/);
});

Deno.test("the bypass stands behind every redirect and before iptables", () => {
  assert.ok(bypassPriority > firstPriority && bypassPriority < -100);
});

Deno.test("bypassLeaseText() renews it in one transaction, from when the client was heard of", () => {
  assert.equal(
    bypassLeaseText(rules),
    [
      "add element inet scope_1 bypass { ipv4 timeout 2800ms, ipv6 timeout 2800ms }",
      "delete element inet scope_1 bypass { ipv4, ipv6 }",
      "add element inet scope_1 bypass { ipv4 timeout 2800ms, ipv6 timeout 2800ms }",
    ].join("; "),
  );
  assert.match(bypassLeaseText(rules, 2000), /\{ ipv4 timeout 2000ms, ipv6 timeout 2000ms \}/);
  assert.equal(bypassReleaseText(rules), "flush set inet scope_1 bypass");
});

Deno.test("aroundCount() reads what nft prints of the counter", () => {
  assert.equal(countText(rules), "list counter inet scope_1 around");
  // Output of nft 1.1.3.
  const listed = '{"nftables": [{"metainfo": {"version": "1.1.3", "release_name": "Commodore Bullmoose #4", ' +
    '"json_schema_version": 1}}, {"counter": {"family": "inet", "name": "around", "table": "scope_1", "handle": 2, ' +
    '"packets": 12, "bytes": 720}}]}';
  assert.equal(bypassCount(listed), 12);
  assert.equal(bypassCount('{"nftables": []}'), 0);
});
