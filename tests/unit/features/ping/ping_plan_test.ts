import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Destination } from "../../../../src/target.ts";
import { pingArguments } from "../../../../src/features/ping/ping_arguments.ts";
import { howPinged, planPings } from "../../../../src/features/ping/ping_plan.ts";

function hosts(count: number): Destination[] {
  return Array.from({ length: count }, (_, at) => ({ address: `10.0.${at >> 8}.${at & 255}` }));
}

function plan(destinations: Destination[], more: { mostIcmp?: number; intervalMs?: number } = {}) {
  return planPings({ destinations, count: 0, intervalMs: 1000, ...more });
}

Deno.test("planPings() pings 64 addresses by ICMP and the rest by TCP", () => {
  const { icmp, tcp } = plan(hosts(70));
  assert.deepEqual([icmp.length, tcp.length], [64, 6]);
  assert.equal(icmp.at(-1)?.address, "10.0.0.63");
  assert.deepEqual(tcp[0]?.observed[0]?.destination, { address: "10.0.0.64", protocol: "tcp", port: 80 });
});

Deno.test("planPings() pings an address once, however it is written and whatever ports its pods have", () => {
  const shared = [{ address: "fd77::2", port: 80 }, { address: "FD77:0::2", port: 90 }, { address: "10.0.0.9" }];
  const { icmp, tcp, observed } = plan(shared, { mostIcmp: 1 });
  assert.deepEqual([icmp.length, tcp.length, observed.length], [1, 1, 3]);
  assert.deepEqual(icmp[0]?.observed.map(({ destination }) => destination), [
    { address: "fd77::2" },
    { address: "FD77:0::2" },
  ]);
});

Deno.test("planPings() pings each TCP port of an address", () => {
  const { tcp } = plan([{ address: "10.0.0.9", port: 80 }, { address: "10.0.0.9", port: 90 }], { mostIcmp: 0 });
  assert.deepEqual(tcp.map(({ observed }) => observed[0]?.destination.port), [80, 90]);
});

Deno.test("planPings() never goes below the interval that ping allows users", () => {
  assert.deepEqual([1, 2, 5].map((intervalMs) => plan(hosts(1), { intervalMs }).intervalMs), [2, 2, 5]);
});

Deno.test("planPings() refuses more than a thousand pings a second", () => {
  assert.equal(plan(hosts(1000)).observed.length, 1000);
  assert.throws(() => plan(hosts(1001)), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], ["usage", "Cannot ping 1001 destinations every 1 s without NET_RAW"]);
    assert.match(error.hint ?? "", /interval of 1\.001 s or more/);
    return true;
  });
});

for (
  const [destinations, mostIcmp, why, expected] of [
    [hosts(3), 64, undefined, "no NET_RAW here: pinging with unprivileged ICMP"],
    [
      hosts(80),
      64,
      undefined,
      "no NET_RAW here: pinging 64 of 80 with unprivileged ICMP, 16 by TCP connect (port 80)",
    ],
    [
      [{ address: "a", port: 8080 }, { address: "b" }],
      0,
      'net.ipv4.ping_group_range is "1 0"',
      'no NET_RAW here, and no unprivileged ICMP (net.ipv4.ping_group_range is "1 0"): ' +
      "pinging by TCP connect (ports 80, 8080)",
    ],
    [
      Array.from({ length: 9 }, (_, at) => ({ address: `h${at}`, port: 100 - at })),
      1,
      undefined,
      "no NET_RAW here: pinging 1 of 9 with unprivileged ICMP, 8 by TCP connect (ports 92, 93, 94, 95, 96, …)",
    ],
  ] as [Destination[], number, string | undefined, string][]
) {
  Deno.test(`howPinged() says: ${expected}`, () =>
    assert.equal(howPinged(plan(destinations, { mostIcmp }), why), expected));
}

const common = { count: 3, intervalMs: 200, timeoutMs: 1000 };

Deno.test("pingArguments() starts a ping for each address, and no TCP ping without TCP targets", () => {
  const argv = pingArguments({ ...common, icmp: ["10.0.0.1", "db"], tcp: [] });
  assert.deepEqual(argv.slice(4), [
    "env --default-signal=INT ping -n -O -D -i 0.2 -W 1 -c 3 --",
    ...["2", "10.0.0.1", "db"],
  ]);
  assert.ok(!pingArguments({ ...common, count: 0, icmp: ["a"], tcp: [] })[4]!.includes("-c"));
});

Deno.test("pingArguments() passes options to the TCP ping, and labels that follow those of ICMP", () => {
  const argv = pingArguments({
    ...common,
    icmp: ["a"],
    tcp: [{ address: "b", port: 81 }, { address: "::1", port: 80 }],
  });
  assert.deepEqual(argv.slice(argv.indexOf("/opt/scope/tcp_ping.js") + 1), [
    ...["3", "200", "1000", "1"],
    ...["b", "81", "::1", "80"],
  ]);
});
