import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event, HpingReply, HpingSummary } from "../../../../src/event.ts";
import { hpingTool } from "../../../../src/features/hping/tool.ts";
import { captured } from "../../captured.ts";

/** Replays a capture through a tool with the same options. Asserts that its command line is the captured one. */
function replay(name: string, alone = true) {
  const { command, outputs } = captured(`hping/${name}`);
  const [host = "", ...args] = command.split(" ").slice(3);
  const tool = hpingTool({ destination: { address: host }, args, alone });
  assert.equal(tool.argv.join(" "), command);
  const events = outputs.flatMap((output) => tool.read(output));
  const replies = events.filter((event): event is HpingReply => event.type === "hping.reply");
  const summary = events.find((event): event is HpingSummary => event.type === "hping.summary");
  return {
    tool,
    events,
    replies,
    summary,
    lines: events.flatMap((e: Event) => e.type === "hping.line" ? [e.text] : []),
  };
}

const time = "2026-01-01T00:00:00.000Z";

Deno.test("hpingTool() runs in the target's network, and prints line by line", () => {
  const tool = hpingTool({ destination: { address: "10.0.0.9" }, args: ["-S", "-p", "80"], alone: true });
  assert.deepEqual(tool.argv, ["stdbuf", "-oL", "hping3", "10.0.0.9", "-S", "-p", "80"]);
  assert.deepEqual([tool.namespaces, tool.stopSignal], [["net"], "SIGINT"]);
});

Deno.test("hpingTool.read() reads replies to TCP packets", () => {
  const { tool, replies, summary, lines } = replay("syn");
  assert.deepEqual(replies.map(({ seq }) => seq), [0, 1]);
  const { text, rttMs, ...reply } = replies[0]!;
  assert.deepEqual(reply, {
    type: "hping.reply",
    time,
    address: "10.0.0.9",
    from: "10.0.0.9",
    seq: 0,
    lengthBytes: 44,
    ttl: 64,
    sourcePort: 8080,
    flags: "SA",
    window: 64240,
  });
  assert.match(text, new RegExp(`^len=44 ip=10.0.0.9 .* rtt=${rttMs?.toFixed(1)} ms$`));
  const { minMs, avgMs, maxMs, ...counts } = summary!;
  assert.deepEqual(counts, { type: "hping.summary", time, address: "10.0.0.9", sent: 2, received: 2 });
  assert.ok(minMs! <= avgMs! && avgMs! <= maxMs!);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^HPING 10\.0\.0\.9 /);
  assert.equal(tool.exitCode(), 0);
});

Deno.test("hpingTool.read() reads refusals, and replies to ICMP packets", () => {
  assert.deepEqual(replay("refused").replies.map(({ flags, sourcePort }) => [flags, sourcePort]), [["RA", 9], [
    "RA",
    9,
  ]]);
  assert.deepEqual(replay("icmp").replies.map(({ seq, flags }) => [seq, flags]), [[0, undefined], [1, undefined]]);
});

for (const name of ["udp_refused", "udp_refused_numeric"]) {
  Deno.test(`hpingTool.read() joins an ICMP error and its sequence number: ${name}`, () => {
    const { replies, lines } = replay(name);
    assert.deepEqual(replies.map(({ icmp, from, seq }) => [icmp, from, seq]), [
      ["Port Unreachable", "10.0.0.9", 0],
      ["Port Unreachable", "10.0.0.9", 1],
    ]);
    assert.match(replies[0]!.text, /^ICMP Port Unreachable from ip=10\.0\.0\.9 (name=\S+ )?status=0 port=\d+ seq=0$/);
    assert.equal(lines.length, 1);
  });
}

Deno.test("hpingTool.read() reads ICMP errors of routers", () => {
  assert.deepEqual(replay("time_exceeded").replies.map(({ icmp, from, seq }) => [icmp, from, seq]), [
    ["TTL 0 during transit", "10.0.0.1", undefined],
    ["TTL 0 during transit", "10.0.0.1", undefined],
  ]);
  const [hop] = replay("traceroute").replies;
  assert.deepEqual([hop?.icmp, hop?.from, hop!.rttMs! > 0], ["TTL 0 during transit", "10.0.0.1", true]);
});

Deno.test("hpingTool.read() returns no times, and exit code 1, when nothing was received", () => {
  const { tool, summary, replies } = replay("silent");
  assert.deepEqual(summary, { type: "hping.summary", time, address: "192.0.2.1", sent: 1, received: 0 });
  assert.deepEqual([replies, tool.exitCode()], [[], 1]);
});

Deno.test("hpingTool.read() passes on unknown lines", () => {
  assert.ok(replay("timestamp").lines.some((line) => /^ {2}TCP timestamp: tcpts=\d+$/.test(line)));
  assert.ok(replay("scan").lines.some((line) => /^ 8080 /.test(line)));
  assert.ok(replay("verbose").lines.some((line) => /^icmp_seq=0 rtt=/.test(line)));
});

Deno.test("hpingTool.read() throws for an unknown host if it is the only one, or else reports a failure", () => {
  assert.throws(() => replay("unknown_host"), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], [
      "notFound",
      'Cannot resolve "nowhere.invalid" in the target\'s network',
    ]);
    return true;
  });
  const { tool, events } = replay("unknown_host", false);
  assert.deepEqual(events.map(({ type }) => type), ["failed"]);
  assert.equal(tool.exitCode(), 1);
});

Deno.test("hpingTool.read() names the missing capability", () => {
  assert.throws(() => replay("not_permitted"), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.hint], ["denied", "--via node has it"]);
    return true;
  });
});

Deno.test("hpingTool does not count the signal that ends it as a failure", () => {
  const tool = hpingTool({ destination: { address: "10.0.0.9" }, args: [], alone: true });
  assert.deepEqual(tool.read({ exit: { code: 130, signal: "SIGINT" } }), []);
  assert.equal(tool.exitCode(), 0);
  assert.deepEqual(tool.read({ exit: { code: 127 } }).map(({ type }) => type), ["failed"]);
  assert.equal(tool.exitCode(), 127);
});
