import assert from "node:assert/strict";
import { parsePodReference, targetName } from "../../src/target.ts";
import type { PodReference } from "../../src/target.ts";

for (
  const [text, expected] of [
    ["web", { name: "web" }],
    ["web-6d5f-x2x", { name: "web-6d5f-x2x" }],
    ["deploy", { name: "deploy" }],
    ["pod/web", { kind: "pod", name: "web" }],
    ["po/web", { kind: "pod", name: "web" }],
    ["pods/web", { kind: "pod", name: "web" }],
    ["deploy/web", { kind: "deployment", name: "web" }],
    ["deployment/web", { kind: "deployment", name: "web" }],
    ["deployments/web", { kind: "deployment", name: "web" }],
    ["Deployment/web", { kind: "deployment", name: "web" }],
    ["deployment.apps/web", { kind: "deployment", name: "web" }],
    ["deployments.v1.apps/web", { kind: "deployment", name: "web" }],
    ["sts/db", { kind: "statefulset", name: "db" }],
    ["statefulset.apps/db", { kind: "statefulset", name: "db" }],
    ["ds/agent", { kind: "daemonset", name: "agent" }],
    ["daemonsets/agent", { kind: "daemonset", name: "agent" }],
    ["svc/web", { kind: "service", name: "web" }],
    ["service/web", { kind: "service", name: "web" }],
    ["", undefined],
    ["/", undefined],
    ["/web", undefined],
    ["pod/", undefined],
    ["pod/a/b", undefined],
    ["rs/web-5f", { kind: "replicaset", name: "web-5f" }],
    ["job/load", { kind: "job", name: "load" }],
    ["jobs.batch/load", { kind: "job", name: "load" }],
    ["jobs.v1.batch/load", { kind: "job", name: "load" }],
    ["cj/nightly", { kind: "cronjob", name: "nightly" }],
    ["cronjob.batch/nightly", { kind: "cronjob", name: "nightly" }],
    ["rc/old", { kind: "replicationcontroller", name: "old" }],
    ["pods.v1./web", { kind: "pod", name: "web" }],
    ["pod.apps/web", undefined],
    ["jobs.apps/web", undefined],
    ["configmap/web", undefined],
    ["constructor/web", undefined],
    ["deployment.batch/web", undefined],
  ] as [string, PodReference | undefined][]
) {
  Deno.test(`parsePodReference() reads "${text}" as ${expected === undefined ? "nothing" : JSON.stringify(expected)}`, () => {
    assert.deepEqual(parsePodReference(text), expected);
  });
}

Deno.test("targetName() is what people write", () => {
  const container = { name: "app", id: "" };
  assert.equal(
    targetName({
      namespace: "shop",
      pod: "web",
      uid: "u",
      node: "n",
      ips: [],
      hostNetwork: false,
      container,
      containers: [container],
    }),
    "shop/web:app",
  );
});
