import assert from "node:assert/strict";
import {
  abandonedTables,
  type HeldMap,
  heldMaps,
  holdersOf,
  leaseText,
  precedes,
  releaseText,
  type Rules,
  tableText,
} from "../../../../../src/manager/server/redirect/rules.ts";

const rules: Rules = {
  table: "scope_1",
  priority: -110,
  listeners: { incoming: 41000, outgoing: 42000 },
  owner: 'ann"; drop@laptop',
  session: "s1",
  loopbackOnly: false,
};

Deno.test("tableText() is one transaction on one line: only first packets, only with the ports of the maps", () => {
  assert.equal(
    tableText(rules, true),
    [
      "table inet scope_1 { flags owner;",
      'map incoming { type inet_service : inet_service; flags timeout; comment "ann___drop@laptop -110 s1 41000"; };',
      'map outgoing { type inet_service : inet_service; flags timeout; comment "ann___drop@laptop -110 s1 42000"; };',
      "chain prerouting { type nat hook prerouting priority -110;",
      "tcp flags & (fin|syn|rst|ack) == syn redirect to :tcp dport map @incoming; };",
      "chain output { type nat hook output priority -110; meta mark 23566 return;",
      "oif lo tcp flags & (fin|syn|rst|ack) == syn redirect to :tcp dport map @incoming;",
      "oif != lo tcp flags & (fin|syn|rst|ack) == syn redirect to :tcp dport map @outgoing; };",
      "chain guard { type filter hook input priority 0;",
      "tcp dport { 41000, 42000 } ct status & dnat == 0 reject with tcp reset; }; }",
    ].join(" "),
  );
});

Deno.test("tableText() takes nothing from outside under a mesh, and is not owned where the kernel cannot", () => {
  const text = tableText({ ...rules, loopbackOnly: true }, false);
  assert.match(text, /chain prerouting \{ type nat hook prerouting priority -110; \};/);
  assert.doesNotMatch(text, /owner;/);
});

Deno.test("leaseText() renews every port in one transaction, each direction to its listener", () => {
  assert.equal(
    leaseText(rules, { incoming: [80, 81], outgoing: [5432] }),
    [
      "add element inet scope_1 incoming { 80 timeout 2800ms : 41000, 81 timeout 2800ms : 41000 }",
      "delete element inet scope_1 incoming { 80, 81 }",
      "add element inet scope_1 incoming { 80 timeout 2800ms : 41000, 81 timeout 2800ms : 41000 }",
      "add element inet scope_1 outgoing { 5432 timeout 2800ms : 42000 }",
      "delete element inet scope_1 outgoing { 5432 }",
      "add element inet scope_1 outgoing { 5432 timeout 2800ms : 42000 }",
    ].join("; "),
  );
  assert.doesNotMatch(leaseText(rules, { incoming: [80], outgoing: [] }), /outgoing/);
});

Deno.test("leaseText() counts from when the client was heard of", () => {
  assert.match(leaseText(rules, { incoming: [80], outgoing: [] }, 2000), /\{ 80 timeout 2000ms : \d+ \}/);
});

Deno.test("releaseText() empties both maps", () => {
  assert.equal(releaseText(rules), "flush map inet scope_1 incoming; flush map inet scope_1 outgoing");
});

// Output of nft 1.1.3 for `list maps` with two redirects and a map of another program.
const listed = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.1.3", release_name: "Commodore Bullmoose #4", json_schema_version: 1 } },
    {
      map: {
        ...{ family: "inet", name: "incoming", table: "scope_a1", type: "inet_service", handle: 2 },
        ...{ comment: "ann@laptop -110 s7", map: "inet_service", flags: ["timeout"] },
        elem: [[{ elem: { val: 8080, timeout: 2, expires: 2 } }, 9090], [
          { elem: { val: 80, timeout: 2, expires: 1 } },
          9090,
        ]],
      },
    },
    {
      map: {
        family: "inet",
        name: "outgoing",
        table: "scope_a1",
        type: "inet_service",
        handle: 3,
        comment: "ann@laptop -110 s7 9091",
        map: "inet_service",
      },
    },
    { map: { family: "inet", name: "incoming", table: "scope", type: "inet_service", handle: 4, map: "inet_service" } },
    { map: { family: "inet", name: "incoming", table: "mine", type: "inet_service", handle: 2, map: "inet_service" } },
    { map: { family: "ip", name: "incoming", table: "scope_b", type: "inet_service", handle: 2, map: "inet_service" } },
  ],
});
const held: HeldMap[] = [
  {
    ...{ table: "scope_a1", direction: "incoming", owner: "ann@laptop", priority: -110, session: "s7" } as const,
    ...{ ports: [8080, 80], listeners: [9090] },
  },
  {
    ...{ table: "scope_a1", direction: "outgoing", owner: "ann@laptop", priority: -110, session: "s7" } as const,
    ...{ ports: [], listeners: [9091] },
  },
  {
    ...{ table: "scope", direction: "incoming", owner: "somebody", priority: -110, session: "" } as const,
    ...{ ports: [], listeners: [] },
  },
];

Deno.test("heldMaps() reads scope's maps of what nft lists, and nobody else's; the listener of an empty one as well", () => {
  assert.deepEqual(heldMaps(listed), held);
});

Deno.test("holdersOf() finds who has one of the ports, in the same direction", () => {
  const own = { table: "scope_mine" };
  assert.deepEqual(holdersOf(held, own, { incoming: [80], outgoing: [] }), [{ ...held[0], port: 80 }]);
  assert.deepEqual(holdersOf(held, own, { incoming: [443], outgoing: [80] }), []);
  assert.deepEqual(holdersOf(held, { table: "scope_a1" }, { incoming: [80], outgoing: [] }), []);
});

Deno.test("precedes() tells two that came at once apart, the same way on both sides", () => {
  const other = held[0]!;
  assert.equal(precedes(other, { table: "scope_z", priority: -110 }), true);
  assert.equal(precedes(other, { table: "scope_a0", priority: -110 }), false);
  assert.equal(precedes(other, { table: "scope_z", priority: -111 }), false);
  assert.equal(precedes(other, { table: "scope_a0", priority: -109 }), true);
});

Deno.test("abandonedTables() are those of scope that nobody owns and that redirect nothing", () => {
  const tables = JSON.stringify({
    nftables: [
      { metainfo: {} },
      { table: { family: "inet", name: "scope", handle: 1 } },
      { table: { family: "inet", name: "scope_a1", handle: 2 } },
      { table: { family: "inet", name: "scope_owned", handle: 3, flags: "owner" } },
      { table: { family: "inet", name: "scope_bare", handle: 4 } },
      { table: { family: "inet", name: "scoped", handle: 5 } },
      { table: { family: "ip", name: "scope", handle: 6 } },
    ],
  });
  // Output of nft 1.1.3 for `list sets` with an active bypass, an inactive one, and a set of another program.
  const set = (table: string, more = {}) => ({
    set: { family: "inet", name: "bypass", table, type: "nf_proto", handle: 1, flags: ["timeout"], ...more },
  });
  const filled = { elem: [{ elem: { val: "ipv4", timeout: 2, expires: 1 } }] };
  const sets = JSON.stringify({
    nftables: [{ metainfo: {} }, set("scope_bare"), set("scope", { family: "ip", ...filled })],
  });
  assert.deepEqual(abandonedTables(tables, held, sets), ["scope", "scope_bare"]);
  const holds = JSON.stringify({ nftables: [set("scope_bare", filled)] });
  assert.deepEqual(abandonedTables(tables, held, holds), ["scope"]);
});
