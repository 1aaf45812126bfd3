import assert from "node:assert/strict";
import { lookupOf, ofTarget } from "../../../src/cli/completion_lookup.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";

const named = (...names: string[]) => ({ items: names.map((name) => ({ metadata: { name } })) });

Deno.test("lookupOf() asks for running pods where one is needed, and for names only", () => {
  const { path, query, accept, read } = lookupOf("running-pod", "", "de/mo", {});
  assert.equal(path, "/api/v1/namespaces/de%2Fmo/pods");
  assert.deepEqual(query, { fieldSelector: "status.phase=Running" });
  assert.match(accept, /PartialObjectMetadataList/);
  const { items } = named("a", "b"), ended = { metadata: { name: "c", deletionTimestamp: "2026-01-01T00:00:00Z" } };
  assert.deepEqual(read({ items: [...items, ended] }), [{ value: "a" }, { value: "b" }]);
  assert.deepEqual(lookupOf("pod", "", "demo", {}).query, {});
});

Deno.test("lookupOf() offers types to who begins to type, and then the workloads of one", () => {
  const offered = lookupOf("pod", "d", "demo", {}).read(named("db-0")).map(({ value }) => value);
  assert.deepEqual(offered, ["db-0", "deploy/", "sts/", "ds/", "rs/", "job/", "cj/", "rc/", "svc/"]);
  for (
    const [typed, path] of [
      ["deploy/", "/apis/apps/v1/namespaces/demo/deployments"],
      ["statefulset/w", "/apis/apps/v1/namespaces/demo/statefulsets"],
      ["svc/", "/api/v1/namespaces/demo/services"],
      ["jobs.batch/", "/apis/batch/v1/namespaces/demo/jobs"],
      ["cj/", "/apis/batch/v1/namespaces/demo/cronjobs"],
      ["rc/", "/api/v1/namespaces/demo/replicationcontrollers"],
      ["pod/", "/api/v1/namespaces/demo/pods"],
    ] as const
  ) {
    const lookup = lookupOf("running-pod", typed, "demo", {});
    assert.equal(lookup.path, path);
    assert.deepEqual(lookup.read(named("web")), [{ value: `${typed.split("/")[0]}/web` }]);
  }
});

const pod = (name: string, owner: [string, string] | undefined, spec: V1Pod["spec"]): V1Pod => ({
  metadata: {
    name,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ kind: owner[0], name: owner[1], apiVersion: "apps/v1", uid: "" }] }),
  },
  ...(spec === undefined ? {} : { spec }),
});

const pods = [
  pod("web-5f-a", ["ReplicaSet", "web-5f"], {
    containers: [{
      name: "app",
      image: "i",
      ports: [{ containerPort: 80, name: "http" }, { containerPort: 53, protocol: "UDP" }],
    }],
    initContainers: [{ name: "proxy", restartPolicy: "Always" }, { name: "once" }],
  }),
  pod("web-5f-b", ["ReplicaSet", "web-5f"], { containers: [{ name: "app", ports: [{ containerPort: 80 }] }] }),
  pod("db-0", ["StatefulSet", "db"], { containers: [{ name: "db" }] }),
  pod("db", undefined, { containers: [{ name: "alone" }] }),
  pod("nightly-29000000-x", ["Job", "nightly-29000000"], { containers: [{ name: "job" }] }),
];
const chosen = (query?: string) => ofTarget(pods, query).map(({ metadata }) => metadata?.name);

Deno.test("ofTarget() takes a pod by its name, or else those of the workload", () => {
  assert.deepEqual(chosen("db"), ["db"]);
  assert.deepEqual(chosen("sts/db"), ["db-0"]);
  assert.deepEqual(chosen("rs/web-5f"), ["web-5f-a", "web-5f-b"]);
  assert.deepEqual(chosen("ds/db"), []);
  assert.deepEqual(chosen("job/nightly-29000000"), ["nightly-29000000-x"]);
  assert.deepEqual(chosen("cj/nightly"), ["nightly-29000000-x"]);
  assert.deepEqual(chosen("web"), ["web-5f-a", "web-5f-b"]);
  assert.deepEqual(chosen("deploy/web"), ["web-5f-a", "web-5f-b"]);
  assert.deepEqual(chosen("pod/web"), []);
  assert.equal(chosen().length, 5);
});

Deno.test("lookupOf() reads containers, and the TCP ports of specs, each once", () => {
  const query = { pod: "web" };
  assert.deepEqual(lookupOf("container", "", "demo", query).read({ items: pods }), [
    { value: "app", description: "" },
    { value: "proxy", description: "" },
    { value: "once", description: "" },
  ]);
  assert.deepEqual(lookupOf("port", "", "demo", query).read({ items: pods }).map(({ value }) => value), ["80", "http"]);
  assert.deepEqual(lookupOf("port", "", "demo", { selector: "a=b" }).query, { labelSelector: "a=b" });
});
