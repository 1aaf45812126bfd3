import assert from "node:assert/strict";
import { delay } from "../../../../src/lib/delay.ts";
import type { Event } from "../../../../src/event.ts";
import { ContainerFollower, type StartAt } from "../../../../src/features/logs/container_follower.ts";
import { LogSource } from "../../../../src/features/logs/log_source.ts";
import { PodView } from "../../../../src/features/logs/pod_view.ts";
import type { V1Pod } from "../../../../src/kube/cluster.ts";
import { apiServer, status } from "../../kube/api_server.ts";
import { until } from "../../../cluster/wait.ts";

type State = { running: Record<string, never> } | { terminated: Record<string, unknown> };
const running = { running: {} },
  ended = (id: string) => ({ terminated: { containerID: `containerd://${id}`, exitCode: 1 } });

/** Returns a pod with one container that has this id now. */
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

/** Follows the container of a pod until `body` has returned. The API server answers with `pod` and `log`. */
async function following(
  { pod, log, at = {} }: {
    pod: () => V1Pod | undefined;
    log: (query: URLSearchParams) => string | Promise<string>;
    at?: StartAt;
  },
  body: (
    world: { view: PodView; run: Promise<void>; follower: ContainerFollower; events: Event[]; texts(): string[] },
  ) => Promise<void>,
): Promise<void> {
  await using api = await apiServer(async (_method, path) => {
    const url = new URL(path, "http://api");
    if (url.pathname.endsWith("/log")) return { status: 200, body: await log(url.searchParams) };
    const found = pod();
    return found === undefined ? status(404, "NotFound", 'pods "web" not found') : { status: 200, body: found };
  });
  const stop = new AbortController(), events: Event[] = [];
  const source = new LogSource(
    api.cluster,
    stop.signal,
    undefined,
    (more) => Promise.resolve(void events.push(...more)),
  );
  using view = new PodView(pod()!, true);
  const follower = new ContainerFollower(source, view, { name: "app", kind: "container" }, at);
  const run = follower.run();
  try {
    const texts = () => events.flatMap((event) => event.type === "log.line" ? [event.text] : []);
    await body({ view, run, follower, events, texts });
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

/** Selects lines like the kubelet: from `sinceTime` on, or those of the last `tailLines` that `sinceSeconds` includes. */
function since(lines: readonly string[], query: URLSearchParams): string {
  const time = query.get("sinceTime"), tail = query.get("tailLines"), seconds = query.get("sinceSeconds");
  if (time !== null) return lines.filter((each) => each.slice(0, 19) >= time.slice(0, 19)).join("");
  if (seconds !== null) {
    const first = new Date(Date.now() - Number(seconds) * 1000).toISOString();
    lines = lines.slice(tail === null ? 0 : -Number(tail)).filter((each) => each.slice(0, 23) >= first.slice(0, 23));
    return lines.join("");
  }
  return lines.slice(tail === null ? 0 : lines.length - Number(tail)).join("");
}

Deno.test("ContainerFollower goes on after streams that end, without a line lost or repeated", async () => {
  const lines: string[] = [];
  // Pairs of lines have the same time: only their number distinguishes them.
  const log = (query: URLSearchParams) => {
    lines.push(line(1 + Math.floor(lines.length / 2), `number ${lines.length}`));
    return since(lines, query);
  };
  await following({ pod: () => podWith("a", running), log }, async ({ texts, events }) => {
    await until("four lines", 20, () => texts().length >= 4);
    assert.deepEqual(texts().slice(0, 4), [0, 1, 2, 3].map((number) => `number ${number}`));
    assert.deepEqual(events.filter(({ type }) => type !== "log.line").map(({ type }) => type), ["log.started"]);
  });
});

Deno.test("ContainerFollower reads the rest of a container that was restarted before it starts with the new one", async () => {
  let now = podWith("a", running);
  const log = (query: URLSearchParams) => {
    if (now.status?.containerStatuses?.[0]?.containerID?.endsWith("a")) return since([line(1, "first")], query);
    return since(query.has("previous") ? [line(1, "first"), line(2, "its last word")] : [line(3, "second")], query);
  };
  await following({ pod: () => now, log }, async ({ view, texts, events }) => {
    await until("the first run", 10, () => texts().includes("first"));
    now = podWith("b", running, ended("a"));
    view.update(now);
    await until("the second run", 10, () => texts().includes("second"), { missing: () => JSON.stringify(events) });
    assert.deepEqual(texts(), ["first", "its last word", "second"]);
    assert.deepEqual(events.filter(({ type }) => type !== "log.line").map(({ type }) => type), [
      ...["log.started", "log.ended", "log.restarted"],
    ]);
  });
});

Deno.test("ContainerFollower says where lines are missing, as the node has put its file aside", async () => {
  let lines = [line(1, "first")];
  await following({ pod: () => podWith("a", running), log: (query) => since(lines, query) }, async (world) => {
    const { texts, events } = world;
    await until("the first line", 10, () => texts().length === 1);
    lines = [line(5, "fifth")];
    await until("the line after the gap", 20, () => texts().includes("fifth"));
    assert.deepEqual(events.map(({ type }) => type), ["log.started", "log.line", "log.gap", "log.line"]);
  });
});

Deno.test("ContainerFollower with no lines of before starts behind the last one", async () => {
  const lines = [line(1, "before"), line(2, "just before")];
  const log = (query: URLSearchParams) => since(lines, query);
  await following({ pod: () => podWith("a", running), log, at: { tailLines: 0 } }, async ({ texts, follower }) => {
    await follower.open;
    lines.push(line(2, "after"));
    await until("the new line", 10, () => texts().length > 0);
    assert.deepEqual(texts(), ["after"]);
  });
});

Deno.test("ContainerFollower ends when its pod is gone, also where another one has its name", async () => {
  for (
    const other of [undefined, { ...podWith("b", running), metadata: { name: "web", namespace: "shop", uid: "2" } }]
  ) {
    let now: V1Pod | undefined = podWith("a", running);
    let cut = false;
    const log = () => {
      if (cut) now = other; // a moment before the stream breaks off
      return cut ? "" : line(1, "first");
    };
    await following({ pod: () => now, log }, async ({ view, run, texts }) => {
      await until("the first line", 10, () => texts().length === 1);
      cut = true;
      view.update(podWith("a", ended("a"), {}, "Failed"));
      await run;
      assert.deepEqual(texts(), ["first"]);
    });
  }
});

Deno.test("ContainerFollower catches up with what came since it read last, and ends", async () => {
  const lines = [line(1, "first")];
  const log = (query: URLSearchParams) => since(lines, query);
  await following({ pod: () => podWith("a", running), log }, async ({ follower, run, texts }) => {
    await until("the first line", 10, () => texts().length === 1);
    lines.push(line(2, "second"), line(2, "third"));
    await follower.catchUp();
    await run;
    assert.deepEqual(texts(), ["first", "second", "third"]);
  });
});

for (const at of [{ sinceSeconds: 60 }, { sinceSeconds: 60, tailLines: 1 }]) {
  Deno.test(`ContainerFollower of ${JSON.stringify(at)} never gives what is older, however long nothing came`, async () => {
    const lines = [line(1, "long ago"), line(2, "not so long ago")], requested: URLSearchParams[] = [];
    const log = async (query: URLSearchParams) => {
      requested.push(query);
      // The first stream ends after this time without a line.
      if (requested.length === 1) await delay(1100, new AbortController().signal);
      return since(lines, query);
    };
    await following({ pod: () => podWith("a", running), log, at }, async ({ follower, texts }) => {
      await until("the second stream", 10, () => requested.length > 1);
      const time = new Date().toISOString().slice(0, 23);
      lines.push(`${time}000000Z new\n`, `${time}000001Z newer\n`);
      await follower.catchUp();
      assert.deepEqual(texts(), ["new", "newer"]);
      const [first, second] = requested.map((query) => Number(query.get("sinceSeconds")));
      assert.equal(first, 60);
      assert.ok(second! > 60, "what was wanted at first is wanted later, too");
    });
  });
}

Deno.test("ContainerFollower gives nothing older than --since of the run before a restart", async () => {
  let now = podWith("a", running), streams = 0;
  const log = async (query: URLSearchParams) => {
    // The first stream ends after this time without a line.
    if (streams === 0) await delay(1100, new AbortController().signal);
    streams += 1;
    return since(query.has("previous") ? [line(1, "long ago")] : [], query);
  };
  await following({ pod: () => now, log, at: { sinceSeconds: 60 } }, async ({ view, events, texts }) => {
    await until("the first stream", 10, () => streams > 0);
    now = podWith("b", running, ended("a"));
    view.update(now);
    await until("the restart", 10, () => events.some(({ type }) => type === "log.restarted"));
    assert.deepEqual(texts(), []);
  });
});

Deno.test("ContainerFollower leaves nothing at the signal by which it ends, however often the pod changes", async () => {
  const pod = podWith("a", running);
  const status = pod.status!.containerStatuses![0]!;
  status.state = { waiting: { reason: "CrashLoopBackOff" } };
  delete status.containerID;
  using view = new PodView(pod, true);
  const signal = new AbortController().signal;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => (listeners++, add(...args))) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof add>) => (listeners--, remove(...args))) as typeof add;
  for (let change = 0; change < 5; change++) {
    const waiting = view.changedOr(signal);
    assert.equal(listeners, 1);
    view.update(pod);
    await waiting;
  }
  assert.equal(listeners, 0);
  await view.changedOr(AbortSignal.abort());
});
