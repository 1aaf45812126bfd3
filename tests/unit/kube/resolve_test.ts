import assert from "node:assert/strict";
import type { ErrorKind } from "../../../src/errors.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { allPods, choosePod, selectPods } from "../../../src/kube/resolve.ts";
import { selectorText } from "../../../src/kube/workloads.ts";
import type { TargetQuery } from "../../../src/target.ts";
import { apiServer, status } from "./api_server.ts";
import { deleted, finished, notReady, pending, pod } from "./pod.ts";

for (
  const [selector, expected] of [
    [{}, ""],
    [{ matchLabels: { app: "web" } }, "app=web"],
    [{ matchLabels: { app: "web", "app.kubernetes.io/part-of": "shop" } }, "app=web,app.kubernetes.io/part-of=shop"],
    [{ matchLabels: { empty: "" } }, "empty="],
    [{ matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }] }, "tier in (a,b)"],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }] }, "tier notin (a)"],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, "tier"],
    [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, "!tier"],
    [
      { matchLabels: { app: "web" }, matchExpressions: [{ key: "canary", operator: "DoesNotExist" }] },
      "app=web,!canary",
    ],
  ] as const
) {
  Deno.test(`selectorText() of ${JSON.stringify(selector)} is "${expected}"`, () => {
    assert.equal(selectorText(structuredClone(selector) as never), expected);
  });
}

for (
  const [name, pods, expected] of [
    ["the first ready one by name", [pod("c"), pod("b"), pod("a", notReady)], "b"],
    ["none that is terminating, though it says it is ready", [pod("a", deleted), pod("b")], "b"],
    [
      "one that is not ready before one that terminates",
      [pod("a", deleted), pod("b", finished), pod("c", notReady)],
      "c",
    ],
    ["any rather than none", [pod("b", finished), pod("a", deleted)], "a"],
    [
      "the newest of those that have finished",
      [pod("a", finished), pod("b", { ...finished, metadata: { creationTimestamp: new Date(1) } }), pod("c", finished)],
      "b",
    ],
    ["nothing of nothing", [], undefined],
  ] as [string, V1Pod[], string | undefined][]
) {
  Deno.test(`choosePod() takes ${name}`, () => {
    const before = [...pods];
    assert.equal(choosePod(pods)?.metadata?.name, expected);
    assert.deepEqual(pods, before);
  });
}

/** Objects of a namespace with pods, workloads and a service, by path. */
const things: Record<string, unknown> = {
  "/api/v1/namespaces/shop": {},
  "/api/v1/namespaces/shop/pods/web-1": pod("web-1"),
  "/apis/apps/v1/namespaces/shop/deployments/web": { spec: { selector: { matchLabels: { app: "web" } } } },
  "/apis/apps/v1/namespaces/shop/statefulsets/db": { spec: { selector: { matchLabels: { app: "db" } } } },
  "/apis/apps/v1/namespaces/shop/daemonsets/db": { spec: { selector: { matchLabels: { app: "db" } } } },
  "/apis/apps/v1/namespaces/shop/daemonsets/agent": { spec: { selector: { matchLabels: { app: "none" } } } },
  "/api/v1/namespaces/shop/services/web": { spec: { selector: { app: "web", tier: "front" } } },
  "/api/v1/namespaces/shop/services/outside": { spec: {} },
  "/apis/apps/v1/namespaces/shop/replicasets/web-5f": { spec: { selector: { matchLabels: { app: "web" } } } },
  "/api/v1/namespaces/shop/replicationcontrollers/old": { spec: { selector: { app: "web" } } },
  "/apis/batch/v1/namespaces/shop/jobs/load": { spec: { selector: { matchLabels: { app: "web" } } } },
  "/apis/batch/v1/namespaces/shop/cronjobs/nightly": { metadata: { uid: "n" }, spec: {} },
  "/apis/batch/v1/namespaces/shop/jobs": {
    items: [
      { metadata: { name: "load", ownerReferences: [{ uid: "n" }] } },
      { metadata: { name: "other", ownerReferences: [{ uid: "o" }] } },
    ],
  },
  "/api/v1/namespaces/shop/pods?labelSelector=job-name": {
    items: ["load", "other", "nightly-29000000", "nightly-x", "nightly-b-29000000"].map((job, index) =>
      pod(["load-1", "other-1", "nightly-1", "x-1", "b-1"][index]!, { metadata: { labels: { "job-name": job } } })
    ),
  },
  "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb": { items: [pod("web-2"), pod("web-1")] },
  "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb%2Ctier%3Dfront": { items: [pod("web-1")] },
  "/api/v1/namespaces/shop/pods?labelSelector=app%3Dnone": { items: [] },
  "/api/v1/namespaces/shop/pods": { items: [pod("late", pending)] },
  "/api/v1/namespaces/empty": {},
  "/api/v1/namespaces/empty/pods": { items: [] },
  "/api/v1/namespaces/nowhere/pods": { items: [] },
};

const api = (more: Record<string, unknown> = {}) =>
  apiServer((_, path) => {
    const body = { ...things, ...more }[path];
    return body === undefined ? status(404, "NotFound", `"${path}" not found`) : { status: 200, body };
  });

for (
  const [query, names, of] of [
    [{ pod: "web-1" }, ["web-1"], undefined],
    [{ pod: "pod/web-1" }, ["web-1"], undefined],
    [{ pod: "web" }, ["web-2", "web-1"], 'deployment "web"'],
    [{ pod: "deploy/web" }, ["web-2", "web-1"], 'deployment "web"'],
    [{ pod: "svc/web" }, ["web-1"], 'service "web"'],
    [{ pod: "rs/web-5f" }, ["web-2", "web-1"], 'replicaset "web-5f"'],
    [{ pod: "rc/old" }, ["web-2", "web-1"], 'replicationcontroller "old"'],
    [{ pod: "jobs.batch/load" }, ["web-2", "web-1"], 'job "load"'],
    [{ pod: "cj/nightly" }, ["load-1", "nightly-1"], 'cronjob "nightly"'],
    [{ selector: "app=web" }, ["web-2", "web-1"], 'labels "app=web"'],
  ] as [TargetQuery, string[], string | undefined][]
) {
  Deno.test(`selectPods() finds ${JSON.stringify(query)}`, async () => {
    await using server = await api();
    const found = await selectPods(server.cluster, "shop", query);
    assert.deepEqual([found.pods.map(({ metadata }) => metadata?.name), found.of], [names, of]);
  });
}

const inShop = 'in namespace "shop"';

for (
  const [query, kind, message, hint] of [
    [{}, "usage", "No pod specified", /-p POD.*-l LABELS.*SCOPE_POD/],
    [{ pod: "a", selector: "b" }, "usage", "Options --pod and --selector exclude each other", /give one/],
    [
      { pod: "secret/x" },
      "usage",
      'Option --pod cannot be "secret/x"',
      /pod, deployment, .*, job, cronjob, .* or service/,
    ],
    [{ pod: "job/none" }, "notFound", `Cannot find job "none" ${inShop}`, /kubectl get jobs -n shop/],
    [{ pod: "none" }, "notFound", `Cannot find pod "none" ${inShop}`, /kubectl get pods -n shop/],
    [{ pod: "pod/web" }, "notFound", `Cannot find pod "web" ${inShop}`, /kubectl get pods/],
    [
      { pod: "db" },
      "usage",
      `There are several workloads named "db" ${inShop}`,
      /-p statefulset\/db, -p daemonset\/db/,
    ],
    [{ pod: "deploy/none" }, "notFound", `Cannot find deployment "none" ${inShop}`, /kubectl get deployments -n shop/],
    [{ pod: "svc/outside" }, "notFound", `Service "outside" ${inShop} selects no pods`, /another workload/],
    [{ pod: "agent" }, "notFound", `Cannot find a pod of daemonset "agent" ${inShop}`, /--show-labels/],
    [{ selector: "app=none" }, "notFound", `Cannot find a pod with the labels "app=none" ${inShop}`, /--show-labels/],
  ] as [TargetQuery, ErrorKind, string, RegExp | undefined][]
) {
  Deno.test(`selectPods() refuses ${JSON.stringify(query)}`, async () => {
    await using server = await api();
    await assert.rejects(selectPods(server.cluster, "shop", query), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], [kind, message]);
      if (hint !== undefined) assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

Deno.test("selectPods() takes a workload without pods where others may come, but no names and labels that there are not", async () => {
  await using server = await api();
  const select = (query: TargetQuery) => selectPods(server.cluster, "shop", query, { empty: true });
  for (const query of [{ pod: "agent" }, { pod: "ds/agent" }]) {
    const { pods, labels } = await select(query);
    assert.deepEqual([pods, labels], [[], "app=none"]);
  }
  for (const query of [{ pod: "none" }, { selector: "app=none" }]) {
    await assert.rejects(select(query), { kind: "notFound" });
  }
});

Deno.test("selectPods() says that the namespace is missing, rather than the pod", async () => {
  await using server = await api();
  await assert.rejects(selectPods(server.cluster, "nowhere", { pod: "web" }), {
    kind: "notFound",
    message: 'Cannot find namespace "nowhere"',
  });
});

Deno.test("selectPods() blames the pod where this user may not see namespaces and workloads", async () => {
  const pods = 'pods "none" not found', forbidden = 'forbidden: User "eve" cannot get resource';
  await using server = await apiServer((_, path) =>
    path.endsWith("/pods/none") ? status(404, "NotFound", pods) : status(403, "Forbidden", forbidden)
  );
  await assert.rejects(selectPods(server.cluster, "shop", { pod: "none" }), {
    kind: "notFound",
    message: `Cannot find pod "none" ${inShop}`,
  });
});

Deno.test("allPods() tells an empty namespace from none", async () => {
  await using server = await api();
  assert.deepEqual((await allPods(server.cluster, "shop")).map(({ metadata }) => metadata?.name), ["late"]);
  assert.deepEqual(await allPods(server.cluster, "empty"), []);
  await assert.rejects(allPods(server.cluster, "nowhere"), { message: 'Cannot find namespace "nowhere"' });
});
