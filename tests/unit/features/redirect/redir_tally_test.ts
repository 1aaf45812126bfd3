import assert from "node:assert/strict";
import type { Event } from "../../../../src/event.ts";
import { redirectedPort, RedirTally } from "../../../../src/features/redirect/redir_tally.ts";
import { at, ended, opened, outgoing, started, traffic, web } from "./redir_events.ts";

function summaries(...events: Event[]) {
  const tally = new RedirTally();
  for (const event of events) tally.add(event);
  return tally.summaries(at(9));
}

const empty = { connections: 0, toPod: 0, broken: 0, sentBytes: 0, receivedBytes: 0 };

Deno.test("RedirTally.summaries() has each port that was redirected, also where nothing came", () => {
  const common = { type: "redir.summary", time: at(9), ...web } as const;
  assert.deepEqual(summaries(started()), [
    { ...common, direction: "incoming", port: 8080, ...empty },
    { ...common, direction: "incoming", port: 9090, ...empty },
    { ...common, direction: "outgoing", port: 15010, ...empty },
  ]);
  assert.deepEqual(summaries(), []);
});

Deno.test("RedirTally.summaries() counts by pod, direction and port", () => {
  const other = { pod: "web-10" };
  const port = { to: "[fd00:10:244::5]:8080" };
  const rows = summaries(
    ended(1, { ...other, pod: "web-9" }),
    ended(1, other),
    ended(2, { ...port }),
    ended(3, { ...outgoing, to: "10.0.0.1:8080" }),
    ended(4),
  );
  assert.deepEqual(
    rows.map(({ pod, direction, port, connections }) => [pod, direction, port, connections]),
    [
      ["web", "incoming", 8080, 2],
      ["web", "outgoing", 8080, 1],
      ["web-9", "incoming", 8080, 1],
      ["web-10", "incoming", 8080, 1],
    ],
  );
});

Deno.test("RedirTally.summaries() tells what the pod answered, what broke, and how long connecting took", () => {
  const [row] = summaries(
    ended(1, { connectMs: 0.12345 }),
    ended(2, { connectMs: 3 }),
    ended(3, { connectMs: 1, ended: "reset" }),
    ended(4, { servedBy: "pod", probe: true, ended: "reset" }),
    ended(5, { servedBy: "pod", reason: "refused" }),
    ended(6, { ended: "failed", sentBytes: 0, receivedBytes: 0 }),
    ended(7, { ended: "lost" }),
  ).map(({ connections, toPod, broken, sentBytes, receivedBytes, connectP50Ms, connectMaxMs }) => [
    ...[connections, toPod, broken, sentBytes, receivedBytes, connectP50Ms, connectMaxMs],
  ]);
  assert.deepEqual(row, [7, 2, 3, 6 * 312, 6 * 1234, 0.5, 3]);
  assert.deepEqual(summaries(ended(1, { connectMs: 0.12345 }))[0]?.connectMaxMs, 0.123);
});

Deno.test("RedirTally.summaries() has what is still open, with the bytes that were told of it", () => {
  const events = [opened(1), opened(2), traffic(2, { connection: 2, sentBytes: 10, receivedBytes: 2000 }), ended(1)];
  const count = (...more: Event[]) => {
    const [{ connections, sentBytes, receivedBytes, broken } = { ...empty }] = summaries(...events, ...more);
    return [connections, sentBytes, receivedBytes, broken];
  };
  assert.deepEqual(count(), [2, 322, 3234, 0]);
  assert.deepEqual(count(ended(2, { sentBytes: 20, receivedBytes: 3000 })), [2, 332, 4234, 0]);
});

for (const [to, port] of [["10.0.0.1:80", 80], ["[::1]:8080", 8080], ["[fd00::1:2]:65535", 65535]] as const) {
  Deno.test(`redirectedPort() of ${to} is ${port}`, () => assert.equal(redirectedPort({ to }), port));
}
