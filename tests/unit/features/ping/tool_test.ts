import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Destination } from "../../../../src/target.ts";
import { textRenderer } from "../../../../src/cli/text.ts";
import { pingTool } from "../../../../src/features/ping/tool.ts";
import { memoryScreen } from "../screen_golden.ts";
import { captured, destinationsOf, sequence, summaryOf } from "./captured_ping.ts";

/** Replays a capture through a tool with the same options. Asserts that its command line is the captured one. */
function replay(name: string, addresses: (string | Destination)[], count: number, intervalMs: number) {
  const { command, outputs } = captured(name);
  const tool = pingTool({ destinations: destinationsOf(addresses), count, intervalMs });
  assert.equal(tool.argv.join(" "), command);
  const events = outputs.flatMap((output) => tool.read(output));
  return { tool, events, of: (address: string) => events.filter((e) => "address" in e && e.address === address) };
}

Deno.test("pingTool.read() reports replies with the printed time and round-trip time", () => {
  const { tool, events, of } = replay("replies", ["10.77.0.2", "FD77:0::2", "localhost"], 3, 1000);
  const line = captured("replies").outputs.find((o) => "line" in o && o.line.includes("10.77.0.2"));
  const [, seconds, ms] = /^\[([\d.]+)\].*bytes, ([\d.]+) ms/.exec(line && "line" in line ? line.line : "") ?? [];
  const time = new Date(Number(seconds) * 1000).toISOString();
  assert.deepEqual(of("10.77.0.2")[0], { type: "ping.reply", time, address: "10.77.0.2", seq: 0, rttMs: Number(ms) });
  for (const address of ["10.77.0.2", "FD77:0::2", "localhost"]) {
    assert.deepEqual(sequence(of(address)), ["reply 0", "reply 1", "reply 2", "summary"]);
  }
  assert.equal(events.length, 12, "the beat of 127.0.0.1 has no events");
  assert.equal(tool.exitCode(), 0);
});

Deno.test("pingTool.read() reports lost replies; a silent destination makes the exit code 1", () => {
  const { tool, of } = replay("loss", ["10.77.0.2", "10.77.0.3", "10.77.0.4"], 6, 200);
  const { lost, received, sent, unsent, lossPercent } = summaryOf(of("10.77.0.3"));
  assert.deepEqual({ lost, received, sent, unsent, lossPercent }, {
    lost: 2,
    received: 4,
    sent: 6,
    unsent: 0,
    lossPercent: 33.33,
  });
  assert.deepEqual(summaryOf(of("10.77.0.4")), { sent: 6, received: 0, lost: 6, unsent: 0, lossPercent: 100 });
  assert.equal(of("10.77.0.4")[0]?.type, "ping.lost");
  assert.equal(tool.exitCode(), 1);
});

Deno.test("pingTool.read() distinguishes unsent from lost packets", () => {
  const { tool, of } = replay("unsent", ["10.9.9.9", "10.77.0.7", "fd99::9", "10.77.0.2"], 3, 200);
  for (const address of ["10.9.9.9", "10.77.0.7", "fd99::9"]) {
    assert.deepEqual(sequence(of(address)), ["unsent 0", "unsent 1", "unsent 2", "summary"], address);
    assert.deepEqual(summaryOf(of(address)), { sent: 0, received: 0, lost: 0, unsent: 3, lossPercent: 0 });
  }
  assert.equal(tool.exitCode(), 1);
});

Deno.test("pingTool.read() reports unsent packets while fping runs, not only at the end", () => {
  const { command, outputs } = captured("unsent_live");
  const tool = pingTool({ destinations: [{ address: "10.9.9.9" }], count: 0, intervalMs: 200 });
  assert.equal(tool.argv.join(" "), command);
  const beats = outputs.filter((output) => "line" in output && output.line.includes(": ["));
  const live = beats.flatMap((output) => tool.read(output));
  assert.ok(live.length >= 5, `${live.length} of ${beats.length} rounds`);
  assert.deepEqual(sequence(live), live.map((_, seq) => `unsent ${seq}`));
  const rest = outputs.slice(beats.length).flatMap((output) => tool.read(output));
  const total = /10\.9\.9\.9 .* = (\d+)\//.exec(outputs.map((o) => "line" in o ? o.line : "").join("\n"))?.[1];
  assert.equal(summaryOf(rest).unsent, Number(total));
  assert.equal(tool.exitCode(), 2);
});

Deno.test("pingTool.read() counts an unreachable destination once and names the sender of the error", () => {
  const { tool, of } = replay("unreachable", ["10.99.0.1", "10.77.0.99"], 2, 1000);
  assert.deepEqual(sequence(of("10.99.0.1")), ["lost 0", "lost 1", "summary"]);
  const [first] = of("10.99.0.1");
  assert.equal(first?.type === "ping.lost" && first.reason, "ICMP Host Unreachable from 10.77.0.2");
  assert.deepEqual(sequence(of("10.77.0.99")), ["lost 0", "lost 1", "summary"]);
  assert.equal(tool.exitCode(), 2);
});

Deno.test("pingTool.read() counts duplicates once, and none of them as unsent", () => {
  const { tool, of } = replay("duplicates", ["10.77.0.5"], 0, 200);
  assert.deepEqual(sequence(of("10.77.0.5")), ["reply 0", "reply 1", "reply 2", "reply 3", "reply 4", "summary"]);
  assert.equal(summaryOf(of("10.77.0.5")).unsent, 0);
  assert.equal(tool.exitCode(), 0);
});

Deno.test("pingTool.read() does not count packets in flight at the end", () => {
  const { of } = replay("in_flight", ["10.77.0.4", "10.77.0.2"], 0, 200);
  const { sent, received, lost, unsent } = summaryOf(of("10.77.0.4"));
  assert.deepEqual({ sent, received, lost, unsent }, { sent: 3, received: 0, lost: 3, unsent: 0 });
});

Deno.test("pingTool.read() gives every destination of a shared address its own events, and pings it once", () => {
  const [one, other] = ["one", "other"].map((pod) => ({ address: "10.77.0.5", namespace: "demo", pod }));
  const { events } = replay("duplicates", [one!, other!], 0, 200);
  for (const pod of ["one", "other"]) {
    assert.equal(events.filter((e) => e.type === "ping.reply" && e.pod === pod).length, 5);
    assert.equal(events.filter((e) => e.type === "ping.summary" && e.pod === pod).length, 1);
  }
});

Deno.test("pingTool.read() reports a destination that is `beatAddress`", () => {
  const { events } = replay("loopback", ["127.0.0.1"], 2, 200);
  assert.deepEqual(sequence(events), ["reply 0", "reply 1", "summary"]);
});

Deno.test("pingTool.read() throws notFound when no destination resolves", () => {
  assert.throws(() => replay("unknown_host", ["nowhere.invalid"], 1, 200), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.equal(error.exitCode, 68);
    assert.equal(error.message, `Cannot resolve "nowhere.invalid" in the target's network`);
    return true;
  });
});

Deno.test("pingTool.read() goes on without a host that does not resolve and exits with 1", () => {
  const { tool, events, of } = replay("unknown_and_known", ["nowhere.invalid", "10.77.0.2"], 1, 200);
  const failed = events.find((event) => event.type === "failed");
  assert.equal(failed?.subject, "nowhere.invalid");
  assert.deepEqual(sequence(of("10.77.0.2")), ["reply 0", "summary"]);
  assert.equal(summaryOf(of("nowhere.invalid")).unsent, 0);
  assert.equal(summaryOf(of("nowhere.invalid")).failed, "unresolved");
  const { screen, text } = memoryScreen(Infinity, Infinity, false), renderer = textRenderer(screen);
  for (const event of events) renderer.event(event);
  renderer.end();
  assert.match(text(), /^nowhere\.invalid .* no address$/m);
  assert.match(text(), /^10\.77\.0\.2 .* ok$/m);
  assert.equal(tool.exitCode(), 1);
});

Deno.test("pingTool.exitCode() returns the exit code of a failed fping, with its messages", () => {
  const { tool, events } = replay("not_permitted", ["10.77.0.2"], 1, 200);
  const failed = events.find((event) => event.type === "failed");
  assert.match(failed?.reason ?? "", /exit code 4: .*can't create socket/);
  assert.equal(tool.exitCode(), 4);
});

Deno.test("pingTool.exitCode() returns the exit code of a killed fping, after the summary", () => {
  const { tool, of } = replay("killed", ["10.77.0.2"], 0, 200);
  assert.deepEqual(sequence(of("10.77.0.2")), ["reply 0", "reply 1", "reply 2", "summary"]);
  assert.equal(tool.exitCode(), 137);
});

Deno.test("pingTool.gone() is reported once, ends the reports of losses, and appears in the summary", () => {
  const { outputs } = captured("in_flight");
  const destination = { address: "10.77.0.4", namespace: "demo", pod: "web" };
  const tool = pingTool({ destinations: [destination, { address: "10.77.0.2" }], count: 0, intervalMs: 200 });
  assert.equal(tool.gone(destination, "deleted", "2026-01-01T00:00:00.000Z").length, 1);
  assert.deepEqual(tool.gone(destination, "deleted", "2026-01-01T00:00:00.000Z"), []);
  const events = outputs.flatMap((output) => tool.read(output));
  assert.equal(events.filter((event) => event.type === "ping.lost").length, 0);
  const summary = events.find((event) => event.type === "ping.summary" && event.pod === "web");
  assert.equal(summary?.type === "ping.summary" && summary.gone, "deleted");
});

Deno.test("pingTool.gone() reports each address of a pod that has two", () => {
  const pod = { namespace: "demo", pod: "web" };
  const destinations = [{ address: "10.77.0.4", ...pod }, { address: "fd77::4", ...pod }];
  const tool = pingTool({ destinations, count: 0, intervalMs: 200 });
  const gone = destinations.flatMap((one) => tool.gone(one, "deleted", "2026-01-01T00:00:00.000Z"));
  assert.deepEqual(gone.map((event) => "address" in event && event.address), ["10.77.0.4", "fd77::4"]);
});

Deno.test("pingTool.begin() lists every destination", () => {
  const destinations = [{ address: "10.0.0.1", namespace: "demo", pod: "a", node: "n1" }, { address: "db" }];
  const time = "2026-01-01T00:00:00.000Z";
  const events = pingTool({ destinations, count: 1, intervalMs: 1000 }).begin(time);
  assert.deepEqual(events, destinations.map((one) => ({ type: "ping.target", time, ...one })));
});

Deno.test("pingTool.begin() leaves out the TCP port, which fping does not use", () => {
  const destinations = [{ address: "10.0.0.1", namespace: "demo", pod: "a", port: 8080 }];
  const [target] = pingTool({ destinations, count: 1, intervalMs: 1000 }).begin("2026-01-01T00:00:00.000Z");
  assert.ok(target !== undefined && !("port" in target));
});
