import assert from "node:assert/strict";
import type { V1Container, V1Pod } from "../../../src/kube/cluster.ts";
import type { PodCopyOptions } from "../../../src/kube/pod_copy.ts";
import { containerOf, copyOrigin, podCopy, sharedClaims } from "../../../src/kube/pod_copy.ts";
import { captured } from "./captured.ts";
import { pod } from "./pod.ts";

const options: PodCopyOptions = { container: "app", shareProcesses: false, anyNode: false };
const rich = captured("rich");

function copied(change: Partial<PodCopyOptions> = {}, original: V1Pod = rich) {
  const copy = podCopy(original, { ...options, ...change });
  const spec = copy.spec!, all = [...spec.initContainers ?? [], ...spec.containers];
  return {
    copy,
    spec,
    metadata: copy.metadata!,
    all,
    app: all.find(({ name }) => name === (change.container ?? "app"))!,
  };
}

const originals = [...rich.spec!.initContainers!, ...rich.spec!.containers];

Deno.test("podCopy() keeps the captured pod as it was", () => {
  const before = JSON.stringify(rich);
  copied({ command: ["sleep"], image: "other", shareProcesses: true });
  assert.equal(JSON.stringify(rich), before);
});

Deno.test("podCopy() has none of the original's labels, and annotations that say whose copy it is, and whose work", () => {
  const { metadata, copy } = copied({ by: "jane" });
  assert.deepEqual(Object.keys(copy), ["apiVersion", "kind", "metadata", "spec"], "no status");
  assert.deepEqual(Object.keys(metadata).toSorted(), ["annotations", "generateName", "labels", "namespace"]);
  assert.deepEqual(metadata.labels, {
    "app.kubernetes.io/name": "scope-copy",
    "app.kubernetes.io/managed-by": "scope",
    "scope/kind": "copy",
    "sidecar.istio.io/inject": "false",
    "kuma.io/sidecar-injection": "disabled",
  });
  assert.deepEqual(Object.keys(rich.metadata!.labels!), ["app", "tier"]);
  assert.deepEqual(metadata.annotations, {
    "scope/copy-of": "rich-0",
    "scope/copied-container": "app",
    "scope/copied-by": "jane",
    "kubectl.kubernetes.io/default-container": "app",
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
  });
});

Deno.test("podCopy() keeps the annotations that say how AppArmor confines a container", () => {
  const key = "container.apparmor.security.beta.kubernetes.io/app";
  const { metadata } = copied({}, pod("web", { metadata: { annotations: { [key]: "unconfined", other: "x" } } }));
  assert.deepEqual([metadata.annotations![key], metadata.annotations!["other"]], ["unconfined", undefined]);
});

Deno.test("podCopy() is named as wished, or after the original by the API server", () => {
  assert.deepEqual([copied({ name: "mine" }).metadata.name, copied({ name: "mine" }).metadata.generateName], [
    "mine",
    undefined,
  ]);
  assert.equal(copied().metadata.generateName, "rich-0-copy-");
  for (const name of ["a".repeat(253), `${"a".repeat(51)}.b`, `${"a".repeat(50)}-.b`]) {
    const { generateName } = copied({}, pod(name)).metadata;
    // The API server would cut a longer name, including its `-copy-`.
    assert.ok(generateName!.length <= 58);
    assert.match(generateName!, /^a+-copy-$/);
  }
});

Deno.test("podCopy() has no probe, no hook and no resize policy in any container", () => {
  const dropped = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy"] as const;
  for (const key of dropped) {
    assert.ok(originals.some((container) => container[key] !== undefined), `the captured pod has a ${key}`);
    assert.deepEqual(copied().all.filter((container) => container[key] !== undefined), []);
  }
});

Deno.test("podCopy() keeps init containers, and sidecars as such", () => {
  const { spec } = copied();
  assert.deepEqual(spec.initContainers!.map(({ name, restartPolicy }) => [name, restartPolicy]), [
    ["prepare", undefined],
    ["sidecar", "Always"],
  ]);
});

Deno.test("podCopy() runs once, ends by itself after 12 h, and at once when it is deleted", () => {
  const { spec } = copied();
  assert.deepEqual([spec.restartPolicy, spec.activeDeadlineSeconds, spec.terminationGracePeriodSeconds], [
    "Never",
    43_200,
    5,
  ]);
  assert.equal(rich.spec!.terminationGracePeriodSeconds, 40);
  const quick = copied({}, pod("web", { spec: { terminationGracePeriodSeconds: 1 } }));
  assert.equal(quick.spec.terminationGracePeriodSeconds, 1);
});

Deno.test("podCopy() leaves the token volume to admission, and keeps the others", () => {
  const token = rich.spec!.volumes!.find(({ name }) => name.startsWith("kube-api-access-"))!.name;
  const mounts = ({ volumeMounts = [] }: V1Container) => volumeMounts.map(({ name }) => name);
  assert.deepEqual(mounts(originals.find(({ name }) => name === "app")!), ["data", "settings", token]);
  const { spec, app, all } = copied();
  assert.deepEqual(spec.volumes!.map(({ name }) => name), ["data", "settings"]);
  assert.deepEqual(mounts(app), ["data", "settings"]);
  assert.deepEqual(all.flatMap(mounts).filter((name) => name === token), []);
  assert.equal(spec.serviceAccountName, "default");
  assert.equal(spec.serviceAccount, undefined);
});

Deno.test("podCopy() keeps a volume that is only called like a token volume", () => {
  const volumes = [{ name: "kube-api-access-abcde", emptyDir: {} }];
  assert.deepEqual(copied({}, pod("web", { spec: { volumes } })).spec.volumes, volumes);
});

Deno.test("podCopy() pushes nobody from a node, and waits for no controller", () => {
  assert.deepEqual([rich.spec!.priority, rich.spec!.priorityClassName], [2_000_001_000, "system-node-critical"]);
  const { spec } = copied();
  for (const key of ["priority", "priorityClassName", "preemptionPolicy", "readinessGates"] as const) {
    assert.ok(rich.spec![key] !== undefined, key);
    assert.ok(!(key in spec), key);
  }
  const gated = pod("web", { spec: { overhead: { cpu: "1" }, schedulingGates: [{ name: "g" }] } });
  assert.deepEqual(Object.keys(copied({}, gated).spec).filter((key) => /overhead|Gates/.test(key)), []);
  assert.deepEqual(spec.tolerations, rich.spec!.tolerations);
});

Deno.test("podCopy() stays on the original's node, unless any will do or there was none", () => {
  assert.equal(copied().spec.nodeName, rich.spec!.nodeName);
  assert.ok(!("nodeName" in copied({ anyNode: true }).spec));
  assert.ok(!("nodeName" in copied({}, pod("web", { spec: { nodeName: undefined as never } })).spec));
});

Deno.test("podCopy() has no ephemeral containers", () => {
  const original = pod("web", { spec: { ephemeralContainers: [{ name: "debug" }] } });
  assert.ok(!("ephemeralContainers" in copied({}, original).spec));
});

Deno.test("podCopy() keeps what the application calls itself", () => {
  assert.deepEqual([copied().spec.hostname, copied().spec.subdomain], ["rich-0", "rich"]);
});

Deno.test("podCopy() takes no port of the node", () => {
  const before = originals.find(({ name }) => name === "app")!.ports!;
  assert.deepEqual(before, [{ containerPort: 8080, hostPort: 18099, name: "http", protocol: "TCP" }]);
  assert.deepEqual(copied().app.ports, [{ containerPort: 8080, name: "http", protocol: "TCP" }]);
  const host = pod("web", {
    spec: { hostNetwork: true, containers: [{ name: "app", ports: [{ containerPort: 80, hostPort: 80 }] }] },
  });
  assert.ok(!("ports" in copied({}, host).app));
});

Deno.test("podCopy() gives variables the labels and annotations that the copy has not", () => {
  assert.deepEqual(copied().app.env, [
    { name: "COLOUR", value: "blue" },
    { name: "APP", value: "rich" },
    { name: "TEAM", value: "blue" },
    { name: "POD", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
  ]);
});

Deno.test("podCopy() changes nothing else of a container", () => {
  const { image, command, args, resources, imagePullPolicy } = originals.find(({ name }) => name === "app")!;
  const { app } = copied();
  assert.deepEqual(
    { image, command, args, resources, imagePullPolicy },
    {
      image: app.image,
      command: app.command,
      args: app.args,
      resources: app.resources,
      imagePullPolicy: app.imagePullPolicy,
    },
  );
  assert.deepEqual(copied().spec.securityContext, rich.spec!.securityContext);
});

for (const container of ["app", "helper", "prepare"]) {
  Deno.test(`podCopy() gives command and image to ${container} alone`, () => {
    const { app, all } = copied({ container, command: ["sleep", "9"], image: "other:1" });
    assert.deepEqual([app.command, app.args, app.image], [["sleep", "9"], undefined, "other:1"]);
    const plain = copied({ container }).all;
    assert.deepEqual(
      all.filter(({ name }) => name !== container),
      plain.filter(({ name }) => name !== container),
    );
  });
}

Deno.test("podCopy() shares processes on request only", () => {
  assert.ok(!("shareProcessNamespace" in copied().spec));
  assert.equal(copied({ shareProcesses: true }).spec.shareProcessNamespace, true);
});

Deno.test("copyOrigin() knows a copy as the API server tells it, and no other pod", () => {
  assert.deepEqual(copyOrigin(captured("copy_running")), { of: "rich-0", container: "app", by: "admin" });
  assert.deepEqual(copyOrigin(podCopy(rich, options)), { of: "rich-0", container: "app" });
  assert.equal(copyOrigin(rich), undefined);
  const debugPod = pod("d", { metadata: { labels: { "app.kubernetes.io/managed-by": "scope" } } });
  assert.equal(copyOrigin(debugPod), undefined);
});

Deno.test("containerOf() takes the named container, else kubectl's, else the first", () => {
  const name = (of: V1Pod, wanted?: string) => containerOf(of, wanted)?.name;
  assert.deepEqual([name(rich), name(rich, "helper"), name(rich, "prepare"), name(rich, "none")], [
    "app",
    "helper",
    "prepare",
    undefined,
  ]);
  assert.equal(name({ ...rich, metadata: {} }), "helper");
});

Deno.test("sharedClaims() names the claims that the original and its copy both write to", () => {
  assert.deepEqual(sharedClaims(rich), []);
  const volumes = [{ name: "a", persistentVolumeClaim: { claimName: "data-db-0" } }, { name: "b", emptyDir: {} }];
  assert.deepEqual(sharedClaims(pod("db", { spec: { volumes } })), ["data-db-0"]);
});
