import assert from "node:assert/strict";
import type { Event } from "../../../../src/event.ts";
import { bytesPerSecond, openInOrder, portsInOrder, total } from "../../../../src/features/redirect/redir_order.ts";
import { applyRedir, newRedirState, type RedirState } from "../../../../src/features/redirect/redir_state.ts";
import { at, ended, opened, outgoing, started, traffic, web } from "./redir_events.ts";

function after(...events: Event[]): RedirState {
  const state = newRedirState();
  for (const event of events) applyRedir(state, event);
  return state;
}

function port(state: RedirState, key = "shop/web incoming 8080") {
  const found = portsInOrder(state).find((one) => one.key === key);
  assert.ok(found, `no ${key}`);
  return found;
}

const millisecond = (seconds: number) => Date.parse(at(seconds));
const numbers = (state: RedirState, busiest = false, seconds = 3) =>
  openInOrder(state, { port: undefined, busiest, now: millisecond(seconds) }).map(({ connection }) =>
    connection.connection
  );

Deno.test("applyRedir() counts what is open, what came in all, what the pod answered, and what broke", () => {
  const { open, toPod, probes, broken, ...rest } = port(after(
    started(),
    opened(1),
    opened(2),
    opened(3),
    opened(4),
    ended(2, { servedBy: "pod", reason: "refused" }),
    ended(3, { ended: "reset" }),
    ended(4, { servedBy: "pod", probe: true, ended: "reset" }),
    ended(5, { ended: "failed" }), // without a `redir.opened` event
  ));
  assert.deepEqual([open, total({ open, ...rest } as never), toPod, probes, broken], [1, 5, 2, 1, 2]);
});

Deno.test("applyRedir() counts bytes as they come, and each once", () => {
  const state = after(started(), opened(1), opened(2, outgoing));
  const bytes = () => [port(state).sentBytes, port(state).receivedBytes];
  applyRedir(state, traffic(2, { connection: 1, sentBytes: 100, receivedBytes: 5000 }));
  assert.deepEqual(bytes(), [100, 5000]);
  applyRedir(state, traffic(3, { connection: 1, sentBytes: 150, receivedBytes: 5000 }));
  assert.deepEqual(bytes(), [150, 5000]);
  applyRedir(state, ended(1, { sentBytes: 200, receivedBytes: 6000 }));
  assert.deepEqual(bytes(), [200, 6000]);
  applyRedir(state, traffic(4, { connection: 9, sentBytes: 150, receivedBytes: 5000 }));
  assert.deepEqual(bytes(), [200, 6000]);
});

Deno.test("bytesPerSecond() is over the last three whole seconds, and falls to 0", () => {
  const state = after(
    started(),
    opened(1),
    traffic(2, { connection: 1, sentBytes: 0, receivedBytes: 3000 }),
    traffic(3, { connection: 1, sentBytes: 0, receivedBytes: 9000 }),
  );
  const rates = [2, 3, 4, 5.9, 6, 7].map((seconds) => bytesPerSecond(port(state), millisecond(seconds)));
  assert.deepEqual(rates, [0, 1000, 3000, 3000, 2000, 0]);
});

Deno.test("applyRedir() knows whether a pod is redirected, and since when", () => {
  const state = after(started(), opened(1));
  const pod = port(state).pod;
  assert.deepEqual([pod.standing, pod.since], ["redirected", millisecond(0)]);
  applyRedir(state, { type: "redir.lost", time: at(5), ...web, reason: "no answer" });
  applyRedir(state, { type: "redir.lost", time: at(6), ...web, reason: "refused" });
  assert.deepEqual([pod.standing, pod.since, pod.reason], ["lost", millisecond(5), "refused"]);
  applyRedir(state, { type: "redir.resumed", time: at(7), ...web, afterMs: 2000 });
  assert.equal(pod.standing, "lost");
  applyRedir(state, started({ time: at(8), kept: 2 }));
  assert.deepEqual([pod.standing, pod.since, pod.reason, pod.kept], ["redirected", millisecond(8), undefined, 2]);
  assert.deepEqual([port(state).open, numbers(state)], [0, []], "no connection outlives its redirect");
  applyRedir(state, { type: "redir.left", time: at(9), ...web, reason: "deleted" });
  assert.deepEqual([pod.standing, pod.reason], ["left", "deleted"]);
});

Deno.test("applyRedir() counts on over a loss, whether the ends of its connections are told before or after it", () => {
  const lost: Event = { type: "redir.lost", time: at(5), ...web, reason: "no answer" };
  for (const end of [[ended(1, { ended: "lost" }), lost], [lost, ended(1, { ended: "lost" })]]) {
    const { open, broken, ...rest } = port(after(started(), opened(1), ...end, started(), opened(2)));
    assert.deepEqual([open, total({ open, ...rest } as never), broken], [1, 2, 1]);
  }
});

Deno.test("applyRedir() takes a changed list of ports, and keeps those that something went over", () => {
  const first = started().ports.slice(0, 1);
  const state = after(
    started(),
    ended(1, outgoing),
    started({ ports: first.map((one) => ({ ...one, local: "localhost:1" })) }),
  );
  assert.deepEqual(portsInOrder(state).map(({ port, local }) => [port, local]), [
    [8080, "localhost:1"],
    [15010, "localhost:15010"],
  ]);
});

Deno.test("applyRedir() keeps probes that the pod answered out of the last connections", () => {
  const probe = { servedBy: "pod", probe: true } as const;
  const state = after(
    started(),
    ended(1, probe),
    ended(2, { ...probe, ended: "reset" }),
    ended(3, { ...probe, ended: "failed" }),
    ended(4, { probe: true }),
  );
  assert.deepEqual(state.recent.map(({ connection }) => connection.connection), [3, 4]);
});

Deno.test("applyRedir() knows why this machine does not answer, until it does", () => {
  const trouble = (...events: Event[]) => {
    const found = port(after(started(), ...events)).trouble;
    return found && [found.reason, found.byPod, found.over];
  };
  const refused = ended(1, { servedBy: "pod", reason: "localhost:8089 refused" });
  assert.deepEqual(trouble(refused), ["localhost:8089 refused", true, false]);
  assert.deepEqual(trouble(refused, ended(2)), ["localhost:8089 refused", true, true]);
  assert.deepEqual(trouble(ended(1, { ended: "failed", reason: "no route" })), ["no route", false, false]);
  assert.deepEqual(trouble(ended(1, { servedBy: "pod", probe: true, reason: "probe" })), undefined);
  assert.deepEqual(trouble(started({ mirror: true }), refused), undefined);
});

Deno.test("openInOrder() has the newest first, or those that carry most now", () => {
  const state = after(
    started(),
    opened(1),
    opened(2),
    opened(3, outgoing),
    traffic(2, { connection: 2, sentBytes: 1, receivedBytes: 9000 }, { connection: 1, sentBytes: 5, receivedBytes: 0 }),
    traffic(5, { connection: 1, sentBytes: 50, receivedBytes: 0 }),
  );
  assert.deepEqual(numbers(state), [3, 2, 1]);
  assert.deepEqual(numbers(state, true, 5.5), [1, 2, 3]);
  assert.deepEqual(numbers(state, true, 9), [2, 1, 3]);
  const only = openInOrder(state, { port: port(state, "shop/web outgoing 15010"), busiest: false, now: 0 });
  assert.deepEqual(only.map(({ connection }) => connection.connection), [3]);
});

Deno.test("portsInOrder() has lost pods first, and those that left last", () => {
  const ports = started().ports.slice(0, 1);
  const pods = ["web-10", "web-9", "web-1", "web-2"].map((pod) => started({ pod, ports }));
  const state = after(
    ...pods,
    { type: "redir.left", time: at(1), namespace: "shop", pod: "web-1", reason: "deleted" },
    { type: "redir.lost", time: at(1), namespace: "shop", pod: "web-10", reason: "no answer" },
  );
  assert.deepEqual(portsInOrder(state).map(({ pod }) => pod.pod), ["web-10", "web-2", "web-9", "web-1"]);
});

Deno.test("applyRedir() keeps little, however much comes and goes", () => {
  const state = newRedirState();
  for (let count = 1; count <= 5000; count++) {
    applyRedir(state, opened(count));
    applyRedir(state, traffic(count, { connection: count, sentBytes: 1, receivedBytes: 1 }));
    applyRedir(state, ended(count, { reason: "x".repeat(2000) }));
    applyRedir(state, { type: "failed", time: at(count), subject: "shop/web", reason: "x" });
  }
  for (let count = 0; count < 300; count++) {
    applyRedir(state, started({ pod: `web-${count}`, time: at(count) }));
    applyRedir(state, {
      type: "redir.left",
      time: at(count),
      namespace: "shop",
      pod: `web-${count}`,
      reason: "deleted",
    });
  }
  const { recent, flow } = port(state);
  assert.ok(recent.length <= 200 && state.recent.length <= 200 && flow.length <= 5 && state.failed.length <= 40);
  assert.ok((recent[0]?.connection.reason?.length ?? 0) <= 501);
  assert.deepEqual([state.pods.size, state.open.size, total(port(state))], [51, 0, 5000]);
  assert.ok(state.pods.has("shop/web-299") && !state.pods.has("shop/web-249"));
});
