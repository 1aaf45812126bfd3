import assert from "node:assert/strict";
import { delay } from "../../../../src/lib/delay.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event } from "../../../../src/event.ts";
import { now } from "../../../../src/lib/timed.ts";
import type { NamedPod } from "../../../../src/connect/reconnect.ts";
import type { ClusterContext } from "../../../../src/context.ts";
import { redirectMatching } from "../../../../src/features/redirect/redirect_matching.ts";
import type { redirectPod, RedirectRun } from "../../../../src/features/redirect/redirect_pod.ts";
import type { V1Pod } from "../../../../src/kube/cluster.ts";
import { until } from "../../../cluster/wait.ts";
import { apiServer } from "../../kube/api_server.ts";

function podNamed(name: string, spec: Partial<V1Pod["spec"]> = {}): V1Pod {
  return {
    metadata: { name, namespace: "shop", uid: `uid of ${name}` },
    spec: { containers: [{ name: "app" }], ...spec },
    status: {
      phase: "Running",
      podIPs: [{ ip: "10.0.0.1" }],
      containerStatuses: [{
        name: "app",
        image: "",
        imageID: "",
        ready: true,
        restartCount: 0,
        state: { running: {} },
      }],
    },
  } as V1Pod;
}

/** Redirects the pods that an API server lists with a fake redirect, until the body has returned. */
async function matching(
  { pods, redirect }: { pods: () => V1Pod[]; redirect: typeof redirectPod },
  body: (world: { events: Event[]; ended: Promise<void>; texts(): string[] }) => Promise<void>,
): Promise<void> {
  await using api = await apiServer((_method, path) => {
    const watched = new URL(path, "http://api").searchParams.has("watch");
    return {
      status: 200,
      body: watched ? "" : { kind: "PodList", metadata: { resourceVersion: "1" }, items: pods() },
    };
  });
  const stop = new AbortController(), events: Event[] = [];
  const context = { cluster: api.cluster, signal: stop.signal } as unknown as ClusterContext;
  const texts = () =>
    events.map((event) =>
      event.type === "failed"
        ? `failed ${event.subject}: ${event.reason} (${event.hint})`
        : `${event.type} ${podOf(event)}`
    );
  const run = async () => {
    const matched = { namespace: "shop", labels: "app=web" };
    for await (const event of redirectMatching(context, matched, () => ({} as RedirectRun), redirect)) {
      events.push(event);
    }
  };
  const ended = run();
  ended.catch(() => {});
  try {
    await body({ events, ended, texts });
  } finally {
    stop.abort();
    await ended.catch(() => {});
  }
}

const podOf = (event: Event) => (event as { pod?: string }).pod;

/** Fakes a redirect that works until it is aborted. */
async function* works({ namespace, pod }: NamedPod, signal: AbortSignal): AsyncIterable<Event> {
  await delay(1, signal); // later than everything that is known at the start
  yield { type: "redir.resumed", time: now(), namespace, pod, afterMs: 0 };
  await aborted(signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

for (const kind of ["unreachable", "timeout"] as const) {
  Deno.test(`redirectMatching tries a pod again that failed (${kind}), tells it once, and redirects it`, async () => {
    let attempts = 0;
    const redirect: typeof redirectPod = async function* (_context, pod, _run, signal) {
      if (pod.pod === "late" && ++attempts < 3) throw new ScopeError(kind, "not yet", { hint: "wait" });
      yield* works(pod, signal);
    };
    const pods = () => [podNamed("good"), podNamed("late")];
    await matching({ pods, redirect }, async ({ texts }) => {
      await until("the late pod", 20, () => texts().includes("redir.resumed late"), { missing: () => texts().join() });
      assert.deepEqual(texts().toSorted(), [
        "failed shop/late: not yet (wait; scope tries again)",
        "redir.resumed good",
        "redir.resumed late",
      ]);
    });
  });
}

Deno.test("redirectMatching tries no pod again that refuses", async () => {
  const tried: string[] = [];
  const redirect: typeof redirectPod = async function* (_context, pod, _run, signal) {
    tried.push(pod.pod);
    if (pod.pod === "taken") throw new ScopeError("denied", "somebody has it");
    if (pod.pod === "late") throw new ScopeError("timeout", "not yet");
    yield* works(pod, signal);
  };
  const pods = () => ["good", "taken", "late"].map((name) => podNamed(name));
  await matching({ pods, redirect }, async ({ texts }) => {
    await until("the next attempt", 10, () => tried.length > 3);
    assert.deepEqual(tried, ["good", "taken", "late", "late"]);
    assert.ok(texts().includes("failed shop/taken: somebody has it (undefined)"));
  });
});

for (const names of [["node", "web"], ["web", "node"]]) {
  Deno.test(`redirectMatching leaves out a pod with its node's network, among ${names.join(", ")}`, async () => {
    const redirect: typeof redirectPod = (_context, pod, _run, signal) => works(pod, signal);
    const pods = () => names.map((name) => podNamed(name, { hostNetwork: name === "node" }));
    await matching({ pods, redirect }, async ({ texts, ended }) => {
      let over = false;
      ended.finally(() => over = true).catch(() => {});
      await until("both pods", 10, () => over || texts().length === 2);
      assert.equal(texts().filter((text) => text === "redir.resumed web").length, 1);
      assert.equal(texts().filter((text) => text.startsWith("failed shop/node: Cannot redirect pod")).length, 1);
    });
  });
}

Deno.test("redirectMatching gives up when each pod was tried and failed", async () => {
  const tried: string[] = [];
  const redirect: typeof redirectPod = async function* (_context, pod) {
    tried.push(pod.pod);
    yield* [];
    throw new ScopeError("timeout", `${pod.pod} is late`);
  };
  await matching({ pods: () => [podNamed("first"), podNamed("second")], redirect }, async ({ ended, texts }) => {
    await assert.rejects(ended, { kind: "timeout", message: "first is late" });
    assert.deepEqual(tried, ["first", "second"]);
    assert.deepEqual(texts(), []);
  });
});

Deno.test("redirectMatching gives up when the only pod that had not failed goes", async () => {
  let pods = [podNamed("bad"), podNamed("going")];
  const redirect: typeof redirectPod = async function* (_context, pod, _run, signal) {
    if (pod.pod === "bad") throw new ScopeError("denied", "not this one");
    pods = [podNamed("bad")];
    await aborted(signal);
    yield* [];
  };
  await matching({ pods: () => pods, redirect }, async ({ ended }) => {
    await assert.rejects(ended, { kind: "denied", message: "not this one" });
  });
});
