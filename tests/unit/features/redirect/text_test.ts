import assert from "node:assert/strict";
import type { Event, RedirSummary } from "../../../../src/event.ts";
import { redirLines, redirSummary } from "../../../../src/features/redirect/text.ts";
import { textRenderer } from "../../../../src/cli/text.ts";
import { at, ended, opened, outgoing, started, traffic, web } from "./redir_events.ts";
import { assertFits, memoryScreen } from "../screen_golden.ts";

/** Returns the lines with their times of day masked, because they are local. */
const line = (event: Parameters<typeof redirLines>[0]) =>
  redirLines(event, false).map((text) => text.replace(/^\d\d:\d\d:/, "hh:mm:"));

const loop = { direction: "incoming", port: 8083, local: "localhost:18080" } as const;

Deno.test("redirLines() says in words what is redirected", () => {
  assert.deepEqual(line(started({ kept: 3, mesh: true })), [
    "shop/web: 8080 → localhost:8089",
    "shop/web: 9090 → localhost:9090 (nobody in the pod listens on 9090)",
    "shop/web: outgoing to port 15010 → localhost:15010",
    "shop/web: 3 connections that were open before stay with the pod; --cut ends them",
    "shop/web: a service mesh takes what comes from outside; its connections to the application are redirected",
  ]);
  const ports = started().ports.slice(0, 1);
  assert.deepEqual(line(started({ ports, mirror: true, kept: 1 })), [
    "shop/web: 8080 is answered by the pod, a copy → localhost:8089",
    "shop/web: 1 connection that was open before stays with the pod; --cut ends it",
  ]);
  assert.deepEqual(line(started({ ports: [], cut: 1 })), ["shop/web: 1 connection that was open before was ended"]);
  assert.deepEqual(line(started({ ports: [], cut: 2 })), ["shop/web: 2 connections that were open before were ended"]);
});

Deno.test("redirLines() has one line a connection, with its words at the same places, and none for a probe that the pod answered", () => {
  const lines = [
    ended(1),
    ended(2, { from: "127.0.0.1:5", servedBy: "pod", ended: "reset", reason: "localhost:8089 refused" }),
    ended(3, { ...outgoing, durationMs: 65432.1, receivedBytes: 12_345_678, ended: "lost" }),
    ended(4, { servedBy: "pod", probe: true }),
    ended(4, { probe: true, sentBytes: 0, receivedBytes: 0, durationMs: 0.4 }),
    ended(5, { from: "[fd00:10:244:0:1:2:3:4]:40000", to: "[fd00:10:244::5]:8080" }),
  ].flatMap(line);
  assert.deepEqual(lines, [
    "hh:mm:02.000 shop/web in  10.244.0.7:40001      → 10.244.0.5:8080       localhost:8089  sent=312B    received=1234B    took=0.012s  closed",
    "hh:mm:02.000 shop/web in  127.0.0.1:5           → 10.244.0.5:8080       pod             sent=312B    received=1234B    took=0.012s  reset (localhost:8089 refused)",
    "hh:mm:02.000 shop/web out 10.244.0.5:33000      → 10.96.0.10:15010      localhost:15010 sent=312B    received=12345678B took=65.432s lost",
    "hh:mm:02.000 shop/web in  10.244.0.7:40004      → 10.244.0.5:8080       localhost:8089  sent=0B      received=0B       took=0.000s  closed probe",
    "hh:mm:02.000 shop/web in  [fd00:10:244:0:1:2:3:4]:40000 → [fd00:10:244::5]:8080 localhost:8089  sent=312B    received=1234B    took=0.012s  closed",
  ]);
  const words = lines.map((text) => text.split(/ +/));
  assert.deepEqual(words.map((one) => [one[4], one[6], one[10]]), [
    ["→", "localhost:8089", "closed"],
    ["→", "pod", "reset"],
    ["→", "localhost:15010", "lost"],
    ["→", "localhost:8089", "closed"],
    ["→", "localhost:8089", "closed"],
  ]);
});

Deno.test("redirLines() says when a redirect is lost, comes back and ends", () => {
  assert.deepEqual(
    [
      ...line({ type: "redir.lost", time: at(1), ...web, reason: "no answer for 4 s" }),
      ...line({ type: "redir.resumed", time: at(2), ...web, afterMs: 1234 }),
      ...line({ type: "redir.cycle", time: at(3), ...web, ...loop, program: "kubectl", pid: 4242 }),
      ...line({ type: "redir.cycle", time: at(3), ...web, ...loop, direction: "outgoing" }),
      ...line({ type: "redir.left", time: at(3), ...web, reason: "deleted" }),
    ],
    [
      "shop/web: connection lost (no answer for 4 s): new connections go to the pod",
      "shop/web: connected again after 1.2 s",
      "shop/web: 8083 → localhost:18080 is a loop: kubectl (pid 4242) leads it back to the pod; for now the pod answers; choose another local port",
      "shop/web: outgoing 8083 → localhost:18080 is a loop: it leads back to the pod; for now its destination answers; choose another local port",
      "shop/web: no longer redirected (deleted)",
    ],
  );
});

Deno.test("redirLines() cannot be driven by names, addresses and reasons that hold control characters", () => {
  const evil = "a\x1b[2J\r\n\u202e\x9b";
  const all: Parameters<typeof redirLines>[0][] = [
    started({ pod: evil, ports: [{ direction: "incoming", port: 1, local: evil, listening: false }] }),
    ended(1, { namespace: evil, pod: evil, from: evil, to: evil, local: evil, reason: evil }),
    { type: "redir.lost", time: at(0), namespace: evil, pod: evil, reason: evil },
    { type: "redir.left", time: at(0), namespace: evil, pod: evil, reason: evil },
    { type: "redir.cycle", time: at(0), ...web, ...loop, program: evil, pid: 1 },
    { type: "redir.resumed", time: at(0), namespace: evil, pod: evil, afterMs: 1 },
  ];
  // deno-lint-ignore no-control-regex
  for (const one of all) assert.doesNotMatch(redirLines(one, false).join(""), /[\x00-\x1f\x7f-\x9f\u202e]/);
});

Deno.test("redirLines() paints nothing without colour, and in colour what is worth a look", () => {
  const looks = (more: Parameters<typeof ended>[1]) => redirLines(ended(1, more), true)[0]?.split("closed")[0] ?? "";
  assert.ok(!redirLines(ended(1, { ended: "failed" }), false).join("").includes("\x1b"));
  assert.ok(redirLines(ended(1, { ended: "failed" }), true)[0]?.includes("\x1b[31m"));
  assert.ok(looks({ servedBy: "pod", reason: "refused" }).includes("\x1b[33m"));
  assert.ok(!looks({ servedBy: "pod" }).includes("\x1b[33m"));
});

const summary: RedirSummary = {
  ...{ type: "redir.summary", time: at(9), ...web, pod: "web-7d9f8c6b5-x2k4q", direction: "incoming", port: 8080 },
  ...{ connections: 12345, toPod: 3, broken: 1, sentBytes: 123456, receivedBytes: 34_567_890 },
  ...{ connectP50Ms: 0.512, connectMaxMs: 12.3 },
};
const idle: RedirSummary = {
  ...{ type: "redir.summary", time: at(9), ...web, pod: "web-7d9f8c6b5-zzzzz", direction: "incoming", port: 19090 },
  ...{ connections: 0, toPod: 0, broken: 0, sentBytes: 0, receivedBytes: 0 },
};

Deno.test("redirSummary() has a row for each port", () => {
  assert.deepEqual(
    redirSummary([summary, idle], 200, false).map((row) => row.trim().split(/ {2,}/)),
    [
      ["POD", "DIRECTION", "PORT", "CONNECTIONS", "BY-POD", "BROKEN", "SENT", "RECEIVED", "P50/ms", "MAX/ms"],
      ["shop/web-7d9f8c6b5-x2k4q", "incoming", "8080", "12345", "3", "1", "121K", "33.0M", "0.512", "12.3"],
      ["shop/web-7d9f8c6b5-zzzzz", "incoming", "19090", "0", "0", "0", "0B", "0B", "-", "-"],
    ],
  );
  assert.deepEqual(redirSummary([], 80, false), []);
});

Deno.test("redirSummary() leaves out what does not fit, the pod, its port and its connections last", () => {
  for (const columns of [20, 40, 80, 200]) assertFits(redirSummary([summary, idle], columns, false), columns, 3);
  assert.deepEqual(redirSummary([summary, idle], 20, false), [
    "POD      PORT   CONN",
    "sho…4q   8080  12345",
    "sho…zz  19090      0",
  ]);
  assert.match(redirSummary([summary], 80, false)[0] ?? "", /^POD +PORT +CONNECTIONS +BY-POD +BROKEN +SENT +RECEIVED$/);
  assert.match(redirSummary([summary, { ...idle, direction: "outgoing" }], 80, false)[0] ?? "", /DIRECTION/);
});

Deno.test("textRenderer() prints a line for each connection that ended, and the summary at the end", () => {
  const { screen, text } = memoryScreen();
  const renderer = textRenderer(screen);
  const events: Event[] = [
    opened(1),
    traffic(2, { connection: 1, sentBytes: 1, receivedBytes: 1 }),
    ended(1),
    summary,
  ];
  for (const event of events) renderer.event(event);
  renderer.end();
  assert.match(text(), /^\d\d:\S+ shop\/web in .* closed\n\nPOD .*\nshop\/web-7d9f8c6b5-x2k4q .*\n$/);
  const quiet = memoryScreen();
  const silent = textRenderer(quiet.screen);
  for (const event of [opened(1), traffic(2), summary]) silent.event(event);
  silent.end();
  assert.match(quiet.text(), /^POD/);
});
