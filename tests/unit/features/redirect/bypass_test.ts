import assert from "node:assert/strict";
import { parseBypassPorts, parseMesh } from "../../../../src/features/redirect/bypass.ts";
import { BypassTally } from "../../../../src/features/redirect/bypass_tally.ts";
import { withSummary } from "../../../../src/runs/with_summary.ts";
import type { BypassStarted, Event } from "../../../../src/event.ts";
import { bypassLines } from "../../../../src/features/redirect/bypass_text.ts";

const time = "2026-01-01T12:00:00.000Z", web = { namespace: "shop", pod: "web" };
const started = (more: Partial<BypassStarted> = {}): BypassStarted => ({
  type: "bypass.started",
  time,
  ...web,
  mesh: "istio",
  ports: [],
  sidecarPort: 15001,
  dns: false,
  kept: 0,
  ...more,
});
const traffic = (connections: number): Event => ({ type: "bypass.traffic", time, ...web, connections });

Deno.test("parseMesh() takes istio, and says what there is for all else", () => {
  assert.equal(parseMesh("istio"), "istio");
  for (const text of ["linkerd", "Istio", "", undefined]) {
    assert.throws(() => parseMesh(text), { kind: "usage", hint: "it can be istio" });
  }
});

Deno.test("parseBypassPorts() takes ports, each once", () => {
  assert.deepEqual(parseBypassPorts([]), []);
  assert.deepEqual(parseBypassPorts(["443", "80", "443"]), [443, 80]);
  for (const text of ["0", "65536", "-1", "abc", "80:81", "80,81", ""]) {
    assert.throws(() => parseBypassPorts(["80", text]), {
      kind: "usage",
      message: `Option --port cannot be "${text}"`,
    });
  }
});

async function summaryOf(events: () => AsyncIterable<Event>): Promise<[Event[], unknown]> {
  const seen: Event[] = [];
  try {
    for await (const event of withSummary(events(), new BypassTally())) seen.push(event);
  } catch (error) {
    return [seen, error];
  }
  return [seen, undefined];
}

Deno.test("withSummary() adds what went around before and after a lost connection, and sums up however it ends", async () => {
  const failure = new Error("gone");
  const [events, error] = await summaryOf(async function* () {
    yield* [started(), traffic(2), traffic(5)];
    yield* [started(), traffic(3)];
    throw failure;
  });
  assert.equal(error, failure);
  const last = events.at(-1)!;
  assert.equal(events.length, 6);
  assert.ok(last.type === "bypass.summary" && last.connections === 8 && last.durationMs >= 0, JSON.stringify(last));
});

Deno.test("withSummary() of what never began has nothing to say", async () => {
  const [events, error] = await summaryOf(async function* () {
    yield* [];
    throw new Error("no way");
  });
  assert.deepEqual([events, (error as Error).message], [[], "no way"]);
});

Deno.test("bypassLines() say what goes around which sidecar, until when, and what does not", () => {
  const lines = (event: Parameters<typeof bypassLines>[0]) => bypassLines(event, false);
  assert.deepEqual(lines(started()), [
    "shop/web: new outgoing connections go around Istio's sidecar (port 15001), until this command ends: Ctrl-C",
  ]);
  assert.deepEqual(lines(started({ ports: [80, 443], dns: true, kept: 2 })), [
    "shop/web: new outgoing connections to port 80, 443 and DNS queries go around Istio's sidecar (port 15001), until this command ends: Ctrl-C",
    "shop/web: 2 connections that were open before go on through the sidecar",
  ]);
  assert.deepEqual(
    lines(started({ kept: 1 }))[1],
    "shop/web: 1 connection that was open before goes on through the sidecar",
  );
  const [lost = ""] = lines({ type: "bypass.lost", time, ...web, reason: "no\x1b[31m" });
  assert.ok(lost.startsWith("shop/web: connection lost (no") && !lost.includes("\x1b"), lost);
  assert.deepEqual(lines({ type: "bypass.resumed", time, ...web, afterMs: 1260 }), [
    "shop/web: connected again after 1.3 s",
  ]);
  assert.deepEqual(lines({ type: "bypass.summary", time, ...web, connections: 1, durationMs: 61_000 }), [
    "shop/web: 1 connection went around the sidecar in 61.0 s; new ones go through it again",
  ]);
});
