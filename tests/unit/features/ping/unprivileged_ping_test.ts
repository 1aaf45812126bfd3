import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Destination } from "../../../../src/target.ts";
import { unprivilegedPingTool } from "../../../../src/features/ping/unprivileged_ping.ts";
import { came, captured, destinationsOf, sequence, summaryOf } from "./captured_ping.ts";

/** Replays a capture through a tool with the same options. Asserts that its command line is the captured one. */
function replay(name: string, addresses: (string | Destination)[], count: number, intervalMs: number, mostIcmp = 64) {
  const { command, outputs } = captured(name);
  const tool = unprivilegedPingTool({ destinations: destinationsOf(addresses), count, intervalMs, mostIcmp });
  assert.equal(JSON.stringify(tool.argv), command);
  const events = outputs.flatMap((output) => tool.read(output));
  return { tool, events, of: (address: string) => events.filter((e) => "address" in e && e.address === address) };
}

/** Number of answered packets in icmp_duplicates, which depends on the moment of SIGINT. */
const doubled = new Set(
  captured("icmp_duplicates").outputs.flatMap((o) => "line" in o ? /icmp_seq=(\d+)/.exec(o.line)?.[1] ?? [] : []),
).size;

/** Returns the printed time and round-trip time of the first line that matches. */
function printed(name: string, wanted: RegExp): { time: string; rttMs: number } {
  const line = captured(name).outputs.find((output) => "line" in output && wanted.test(output.line));
  assert.ok(line !== undefined && "line" in line);
  const [, seconds, ms] = /\[([\d.]+)\].* time=([\d.]+) ms/.exec(line.line) ?? [];
  return { time: new Date(Number(seconds) * 1000).toISOString(), rttMs: Number(ms) };
}

Deno.test("unprivilegedPingTool.read() reports ICMP replies with the printed time and round-trip time", () => {
  const { tool, events, of } = replay("icmp_replies", ["10.77.0.2", "FD77:0::2", "localhost"], 3, 1000);
  const first = { type: "ping.reply", address: "10.77.0.2", seq: 0, ...printed("icmp_replies", /^0\t.*seq=1 /) };
  assert.deepEqual(of("10.77.0.2")[0], first);
  for (const address of ["10.77.0.2", "FD77:0::2", "localhost"]) {
    assert.deepEqual(sequence(of(address)), ["reply 0", "reply 1", "reply 2", "summary"]);
  }
  assert.equal(events.length, 12);
  assert.equal(tool.exitCode(), 0);
});

Deno.test("unprivilegedPingTool.read() reports lost replies, and the last ones once ping has waited for them", () => {
  const { tool, of } = replay("icmp_loss", ["10.77.0.2", "10.77.0.3", "10.77.0.4"], 6, 200);
  const { lost, received, sent, unsent, lossPercent } = summaryOf(of("10.77.0.3"));
  assert.deepEqual({ lost, received, sent, unsent, lossPercent }, {
    ...{ lost: 2, received: 4, sent: 6, unsent: 0, lossPercent: 33.33 },
  });
  assert.deepEqual(sequence(of("10.77.0.4")), [...[0, 1, 2, 3, 4, 5].map((seq) => `lost ${seq}`), "summary"]);
  assert.deepEqual(summaryOf(of("10.77.0.4")), { sent: 6, received: 0, lost: 6, unsent: 0, lossPercent: 100 });
  assert.equal(tool.exitCode(), 1);
});

Deno.test("unprivilegedPingTool.read() counts no reply as lost before a second has passed", () => {
  const { outputs } = captured("icmp_in_flight");
  const tool = unprivilegedPingTool({ destinations: [{ address: "10.77.0.4" }], count: 0, intervalMs: 200 });
  const at = (text: string) => Number(/\[([\d.]+)\]/.exec(text)![1]) * 1000;
  let sent = 0;
  for (const output of outputs) {
    if (!("line" in output) || !output.line.startsWith("0\t[")) continue;
    const events = tool.read(output);
    if (/icmp_seq=1$/.test(output.line)) sent = at(output.line) - 200;
    const first = events.find((event) => event.type === "ping.lost" && event.seq === 0);
    if (first === undefined) continue;
    assert.ok(at(output.line) - sent >= 1000, output.line);
    return assert.equal(Date.parse(first.time), Math.floor(sent + 1000), "the time is when it was due");
  }
  assert.fail("nothing was lost");
});

Deno.test("unprivilegedPingTool.read() counts a packet as lost at the next one if the interval exceeds the timeout", () => {
  const { of } = replay("icmp_slow_rounds", ["10.77.0.4", "10.77.0.2"], 3, 2000);
  assert.deepEqual(sequence(of("10.77.0.4")), ["lost 0", "lost 1", "lost 2", "summary"]);
});

Deno.test("unprivilegedPingTool.read() counts the last packet as lost at the end", () => {
  const { tool, of } = replay("icmp_lost_at_end", ["10.77.0.4"], 2, 1000);
  assert.deepEqual(sequence(of("10.77.0.4")), ["lost 0", "lost 1", "summary"]);
  assert.equal(tool.exitCode(), 2);
});

Deno.test("unprivilegedPingTool.read() distinguishes missing routes from lost packets", () => {
  const addresses = ["10.9.9.9", "10.77.0.7", "10.77.0.8", "fd99::9", "10.77.0.2"];
  const { tool, of } = replay("icmp_unsent", addresses, 4, 200);
  for (const address of ["10.9.9.9", "fd99::9"]) {
    assert.deepEqual(sequence(of(address)), ["unsent 0", "summary"], address);
    const [first] = of(address);
    assert.equal(first?.type === "ping.unsent" && first.reason, "Network is unreachable");
  }
  assert.equal(summaryOf(of("10.77.0.7")).lost, 4, "ping does not tell what a firewall of its own network drops");
  assert.equal(summaryOf(of("10.77.0.8")).lost, 1);
  assert.equal(tool.exitCode(), 1);
});

Deno.test("unprivilegedPingTool.read() counts an unreachable destination once and names the sender of the error", () => {
  const { tool, of } = replay("icmp_unreachable", ["10.99.0.1", "10.77.0.99"], 2, 1000);
  assert.deepEqual(sequence(of("10.99.0.1")), ["lost 0", "lost 1", "summary"]);
  const [first] = of("10.99.0.1");
  assert.equal(first?.type === "ping.lost" && first.reason, "Destination Host Unreachable from 10.77.0.2");
  assert.deepEqual(sequence(of("10.77.0.99")), ["lost 0", "lost 1", "summary"]);
  assert.equal(tool.exitCode(), 2);
});

Deno.test("unprivilegedPingTool.read() counts duplicates once", () => {
  const { tool, of } = replay("icmp_duplicates", ["10.77.0.5"], 0, 200);
  assert.ok(doubled > 2);
  assert.deepEqual(sequence(of("10.77.0.5")), [
    ...Array.from({ length: doubled }, (_, seq) => `reply ${seq}`),
    "summary",
  ]);
  assert.equal(tool.exitCode(), 0);
});

Deno.test("unprivilegedPingTool.read() does not count ICMP packets in flight at the end", () => {
  const { of } = replay("icmp_in_flight", ["10.77.0.4", "10.77.0.2"], 0, 200);
  const { sent, received, lost, unsent } = summaryOf(of("10.77.0.4"));
  const times = (like: RegExp) =>
    captured("icmp_in_flight").outputs.flatMap((o) => "line" in o ? like.exec(o.line)?.[1] ?? [] : []).map(Number);
  const end = Math.max(...times(/\[([\d.]+)\]/));
  // ping prints a line when it sends the next packet, an interval of 0.2 s later.
  const due = times(/^0\t\[([\d.]+)\] no answer/).filter((at) => at - 0.2 + 1 <= end).length;
  assert.ok(due > 0);
  assert.deepEqual({ sent, received, lost, unsent }, { sent: due, received: 0, lost: due, unsent: 0 });
});

Deno.test("unprivilegedPingTool.read() gives every destination of a shared address its own events", () => {
  const [one, other] = ["one", "other"].map((pod) => ({ address: "10.77.0.5", namespace: "demo", pod }));
  const { events } = replay("icmp_duplicates", [one!, other!], 0, 200);
  for (const pod of ["one", "other"]) {
    assert.equal(events.filter((e) => e.type === "ping.reply" && e.pod === pod).length, doubled);
    assert.equal(events.filter((e) => e.type === "ping.summary" && e.pod === pod).length, 1);
  }
});

Deno.test("unprivilegedPingTool.read() throws notFound when no destination resolves", () => {
  assert.throws(() => replay("icmp_unknown_host", ["nowhere.invalid"], 1, 200), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], [
      "notFound",
      `Cannot resolve "nowhere.invalid" in the target's network`,
    ]);
    return true;
  });
});

Deno.test("unprivilegedPingTool.read() goes on without a host that does not resolve and exits with 1", () => {
  for (const [capture, most] of [["icmp_unknown_and_known", 64], ["tcp_unknown_host", 0]] as const) {
    const { tool, events, of } = replay(capture, ["nowhere.invalid", "10.77.0.2"], 1, 200, most);
    const failed = events.find((event) => event.type === "failed");
    assert.deepEqual([failed?.subject, failed?.hint], [
      "nowhere.invalid",
      "the resolver says: Temporary failure in name resolution",
    ]);
    assert.deepEqual(sequence(of("10.77.0.2")), ["reply 0", "summary"]);
    assert.equal(tool.exitCode(), 1);
  }
});

Deno.test("unprivilegedPingTool.read() reports a ping that could not start, with its messages, and goes on", () => {
  const { tool, events } = replay("icmp_not_permitted", ["10.77.0.2"], 1, 200);
  assert.deepEqual(events[0], {
    type: "failed",
    time: came,
    subject: "10.77.0.2",
    reason: "socket: Operation not permitted",
  });
  assert.equal(tool.exitCode(), 2);
  const refused = replay("icmp_refused", ["255.255.255.255", "10.77.0.2"], 1, 200);
  assert.equal(refused.tool.exitCode(), 1);
});

const tcpHosts = [
  ...[{ address: "10.77.0.2", port: 8080 }, { address: "10.77.0.2", port: 81 }, { address: "fd77::2", port: 8080 }],
  ...["localhost", "10.77.0.4", "10.99.0.1", "10.9.9.9", "10.77.0.7"],
];

Deno.test("unprivilegedPingTool.read() counts an open and a closed TCP port as a reply, and reports the port", () => {
  const { tool, events } = replay("tcp", tcpHosts, 2, 500, 0);
  const of = (address: string, port: number) =>
    events.filter((event) => "port" in event && "address" in event && event.address === address && event.port === port);
  assert.deepEqual(of("10.77.0.2", 8080)[0], {
    type: "ping.reply",
    address: "10.77.0.2",
    protocol: "tcp",
    port: 8080,
    seq: 0,
    ...printed("tcp", /^0\t.*open$/),
  });
  for (
    const [address, port] of [["10.77.0.2", 8080], ["10.77.0.2", 81], ["fd77::2", 8080], ["localhost", 80]] as const
  ) {
    assert.deepEqual(sequence(of(address, port)), ["reply 0", "reply 1", "summary"], `${address} ${port}`);
  }
  assert.equal(tool.exitCode(), 1);
});

Deno.test("unprivilegedPingTool.read() distinguishes lost and unsent TCP pings, with their reasons", () => {
  const { of } = replay("tcp", tcpHosts, 2, 500, 0);
  const reasons = (address: string) => of(address).flatMap((e) => "reason" in e ? [e.reason] : []);
  assert.deepEqual([sequence(of("10.77.0.4")), reasons("10.77.0.4")], [["lost 0", "lost 1", "summary"], []]);
  assert.deepEqual(sequence(of("10.99.0.1")), ["lost 0", "lost 1", "summary"]);
  assert.equal(reasons("10.99.0.1")[0], "No route to host");
  assert.deepEqual(sequence(of("10.9.9.9")), ["unsent 0", "unsent 1", "summary"]);
  assert.equal(reasons("10.9.9.9")[0], "Network is unreachable");
});

Deno.test("unprivilegedPingTool.read() does not count TCP pings in flight at the end", () => {
  const { of } = replay("tcp_in_flight", ["10.77.0.4", "10.77.0.2"], 0, 500, 0);
  const { sent, lost, unsent } = summaryOf(of("10.77.0.4"));
  const printed = captured("tcp_in_flight").outputs.filter((o) => "line" in o && o.line.endsWith("no answer")).length;
  assert.deepEqual({ sent, lost, unsent }, { sent: printed, lost: printed, unsent: 0 });
});

Deno.test("unprivilegedPingTool.read() sums up ICMP and TCP together, in the order of the destinations", () => {
  const { tool, events } = replay(
    "icmp_and_tcp",
    ["10.77.0.2", { address: "10.77.0.3", port: 81 }, "nowhere.invalid"],
    2,
    500,
    1,
  );
  const summaries = events.filter((event) => event.type === "ping.summary");
  assert.deepEqual(summaries.map(({ address, protocol, port, received }) => [address, protocol, port, received]), [
    ["10.77.0.2", undefined, undefined, 2],
    ["10.77.0.3", "tcp", 81, 2],
    ["nowhere.invalid", "tcp", 80, 0],
  ]);
  assert.equal(tool.exitCode(), 1);
});

Deno.test("unprivilegedPingTool.exitCode() returns the exit code of a failed TCP ping or shell", () => {
  const make = () => unprivilegedPingTool({ destinations: [{ address: "a" }], count: 1, intervalMs: 200, mostIcmp: 0 });
  const tool = make();
  tool.read({ stream: "stderr", line: "error: out of memory", time: came });
  tool.read({ stream: "stdout", line: "tcp\texit 134", time: came });
  for (const line of ["", "====", "# Fatal"]) tool.read({ stream: "stderr", line, time: came });
  const [failed] = tool.read({ exit: { code: 0 } });
  assert.equal(failed?.type === "failed" && failed.reason, "exit code 134: error: out of memory; # Fatal");
  assert.equal(tool.exitCode(), 134);
  const killed = make();
  assert.deepEqual(sequence(killed.read({ exit: { code: 137 } })), ["failed", "summary"]);
  assert.equal(killed.exitCode(), 137);
});

Deno.test("unprivilegedPingTool.gone() ends the reports of losses, and appears in the summary", () => {
  const destination = { address: "10.77.0.4", namespace: "demo", pod: "web", port: 8080 };
  const tool = unprivilegedPingTool({ destinations: [destination, { address: "b" }], count: 0, intervalMs: 200 });
  assert.deepEqual(tool.gone(destination, "deleted", came).map(({ type }) => type), ["ping.gone"]);
  assert.deepEqual(tool.gone(destination, "deleted", came), []);
  const events = captured("icmp_in_flight").outputs.flatMap((output) => tool.read(output));
  assert.equal(events.filter(({ type }) => type === "ping.lost").length, 0);
  const summary = events.find((event) => event.type === "ping.summary" && event.pod === "web");
  assert.equal(summary?.type === "ping.summary" && summary.gone, "deleted");
});

Deno.test("unprivilegedPingTool.begin() lists every destination, with its protocol and port", () => {
  const destinations = [{ address: "10.0.0.1", pod: "a", namespace: "demo", port: 8080 }, { address: "db" }];
  const tool = unprivilegedPingTool({ destinations, count: 1, intervalMs: 1000, mostIcmp: 1 });
  assert.deepEqual(tool.begin(came), [
    { type: "ping.target", time: came, address: "10.0.0.1", pod: "a", namespace: "demo" },
    { type: "ping.target", time: came, address: "db", protocol: "tcp", port: 80 },
  ]);
});
