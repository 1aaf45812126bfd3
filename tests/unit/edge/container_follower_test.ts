import assert from "node:assert/strict";
import type { Event } from "../../../src/event.ts";
import { ContainerFollower } from "../../../src/edge/logs/container_follower.ts";
import { LogSource } from "../../../src/edge/logs/log_source.ts";
import { PodView } from "../../../src/edge/logs/pod_view.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { apiServer } from "../kube/api_server.ts";
import { until } from "../../cluster/wait.ts";

type State = { running: Record<string, never> } | { terminated: Record<string, unknown> };
const running = { running: {} },
  ended = (id: string) => ({ terminated: { containerID: `containerd://${id}`, exitCode: 1 } });

/** A pod whose one container has this id now. */
function podWith(id: string, state: State, lastState: State | Record<string, never> = {}, phase = "Running"): V1Pod {
  return {
    metadata: { name: "web", namespace: "shop", uid: "1" },
    spec: { containers: [{ name: "app" }] },
    status: {
      phase,
      containerStatuses: [{
        ...{ name: "app", image: "", imageID: "", ready: true, restartCount: 0 },
        ...{ containerID: `containerd://${id}`, state, lastState },
      }],
    },
  } as unknown as V1Pod;
}

/** Follows the container of a pod at an API server that answers like this, until the body has returned. */
async function following(
  { pod, log }: { pod: () => V1Pod; log: (query: URLSearchParams) => string },
  body: (world: { view: PodView; run: Promise<void>; events: Event[]; texts(): string[] }) => Promise<void>,
): Promise<void> {
  await using api = await apiServer((_method, path) => {
    const url = new URL(path, "http://api");
    return { status: 200, body: url.pathname.endsWith("/log") ? log(url.searchParams) : pod() };
  });
  const stop = new AbortController(), events: Event[] = [];
  const source = new LogSource(
    api.cluster,
    stop.signal,
    undefined,
    (more) => Promise.resolve(void events.push(...more)),
  );
  using view = new PodView(pod(), true);
  const run = new ContainerFollower(source, view, { name: "app", kind: "container" }, {}).run();
  try {
    const texts = () => events.flatMap((event) => event.type === "log.line" ? [event.text] : []);
    await body({ view, run, events, texts });
  } finally {
    stop.abort();
    await run.catch(() => {});
  }
}

const line = (second: number, text: string) => `2026-01-01T00:00:0${second}.000000000Z ${text}\n`;

Deno.test("ContainerFollower gives up a log that the node has removed, and says so", async () => {
  const pod = () => podWith("a", ended("a"), {}, "Failed");
  const log = () => "unable to retrieve container logs for containerd://a";
  await following({ pod, log }, async ({ run, events }) => {
    await run;
    assert.deepEqual(events.map(({ type }) => type), ["log.started", "failed"]);
  });
});

Deno.test("ContainerFollower reads a run of the container that came and went unseen", async () => {
  let now = podWith("a", ended("a"));
  const log = (query: URLSearchParams) =>
    now.status?.containerStatuses?.[0]?.containerID?.endsWith("a")
      ? line(1, "first")
      : query.get("previous") === "true"
      ? line(2, "second")
      : line(3, "third");
  await following({ pod: () => now, log }, async ({ view, texts, events }) => {
    await until("the first run", 10, () => texts().includes("first"));
    await until("its end", 10, () => events.length > 0);
    now = podWith("c", running, ended("b"));
    view.update(now);
    await until("the third run", 10, () => texts().includes("third"), { missing: () => JSON.stringify(events) });
    assert.deepEqual(texts(), ["first", "second", "third"]);
  });
});
