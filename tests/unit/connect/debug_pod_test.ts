import assert from "node:assert/strict";
import { version } from "../../../src/version.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { debugPod, debugPodName, hasEnded, isDebugPodFor } from "../../../src/connect/debug_pod.ts";
import type { DebugPodOptions } from "../../../src/connect/debug_pod.ts";

const options: DebugPodOptions = {
  namespace: "shop",
  node: "node-1.example",
  image: "registry.example/endoscope:1",
  regcred: "regcred",
  pullPolicy: "IfNotPresent",
};

/** Node names of every kind, up to the greatest length. */
const nodes = [
  "a",
  "node1",
  "ip-10-0-0-1.eu-central-1.compute.internal",
  "UPPER",
  "--",
  "a-",
  "n".repeat(253),
  "a.b",
  "ä",
];
const images = [
  "busybox",
  "localhost/scope/endoscope:0.1.0",
  `registry.example:5000/a/b@sha256:${"0".repeat(64)}`,
  `${"deep/".repeat(40)}image:tag_with.odd-letters`,
];

const label = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const labelKey = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

Deno.test("debugPod() is the privileged pod on that node that deploy/debug-pod.yaml shows", () => {
  const { metadata, spec, ...rest } = debugPod(options);
  assert.deepEqual(rest, { apiVersion: "v1", kind: "Pod" });
  assert.deepEqual(metadata, {
    name: debugPodName(options.node, options.image),
    namespace: "shop",
    labels: {
      "app.kubernetes.io/name": "scope-debug",
      "app.kubernetes.io/managed-by": "scope",
      "scope/node": "77e79d7c5d",
      "scope/image": "3fae754234",
      "scope/version": version,
      "sidecar.istio.io/inject": "false",
      "kuma.io/sidecar-injection": "disabled",
    },
    annotations: {
      "scope/node": options.node,
      "scope/image": options.image,
      "sidecar.istio.io/inject": "false",
      "linkerd.io/inject": "disabled",
      "consul.hashicorp.com/connect-inject": "false",
      "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
    },
  });
  assert.deepEqual(spec, {
    nodeName: options.node,
    tolerations: [{ operator: "Exists" }],
    hostPID: true,
    hostNetwork: true,
    dnsPolicy: "Default",
    restartPolicy: "Never",
    activeDeadlineSeconds: 43_200,
    terminationGracePeriodSeconds: 5,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    imagePullSecrets: [{ name: "regcred" }],
    containers: [{
      name: "scope",
      image: options.image,
      imagePullPolicy: "IfNotPresent",
      terminationMessagePolicy: "FallbackToLogsOnError",
      securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false },
      resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "1", memory: "1Gi" } },
    }],
  });
});

Deno.test("debugPod() has a volume for all that is written where its root is read-only", () => {
  const { volumes, containers: [container] } = debugPod({ ...options, readOnly: true }).spec!;
  assert.deepEqual(volumes, [{ name: "scratch", emptyDir: { sizeLimit: "2Gi" } }]);
  assert.deepEqual(container?.volumeMounts?.map(({ mountPath, subPath }) => `${mountPath} ${subPath}`), [
    ...["/tmp tmp", "/var/tmp var/tmp", "/run run", "/root root"],
  ]);
  assert.equal(container?.securityContext?.readOnlyRootFilesystem, true);
  assert.equal(debugPod(options).spec!.volumes, undefined);
});

Deno.test("debugPod() has no credentials where none are wanted", () => {
  assert.equal("imagePullSecrets" in debugPod({ ...options, regcred: "" }).spec!, false);
});

Deno.test("debugPod() takes the credentials and the pull policy", () => {
  const { imagePullSecrets, containers } = debugPod({ ...options, regcred: "other", pullPolicy: "Always" }).spec!;
  assert.deepEqual([imagePullSecrets, containers[0]?.imagePullPolicy], [[{ name: "other" }], "Always"]);
});

Deno.test("debugPod() has a valid name and valid labels for every node and image", () => {
  for (const node of nodes) {
    for (const image of images) {
      const { metadata } = debugPod({ ...options, node, image });
      assert.match(metadata!.name!, dnsLabel);
      for (const [key, value] of Object.entries(metadata!.labels!)) {
        assert.match(key, labelKey);
        assert.match(value, label, `${key} of ${node} and ${image}`);
      }
      assert.equal(metadata!.annotations!["scope/node"], node);
      assert.equal(metadata!.annotations!["scope/image"], image);
    }
  }
});

Deno.test("debugPod() takes values as they are: none can change the pod's structure or stand for another", () => {
  const image = "$(NODE)\n      hostNetwork: false", node = "$(IMAGE)";
  const { spec, metadata } = debugPod({ ...options, node, image, regcred: "a, b: c" });
  assert.deepEqual([spec?.containers[0]?.image, spec?.nodeName, metadata?.annotations?.["scope/node"]], [
    image,
    node,
    node,
  ]);
  assert.deepEqual([spec?.hostNetwork, spec?.imagePullSecrets], [true, [{ name: "a, b: c" }]]);
});

Deno.test("debugPodName() is the same for the same, and another for every other node or image", () => {
  const names = nodes.flatMap((node) => images.map((image) => debugPodName(node, image)));
  assert.deepEqual(names, nodes.flatMap((node) => images.map((image) => debugPodName(node, image))));
  assert.equal(new Set(names).size, names.length);
  // The readable parts of two nodes' names may be equal.
  assert.notEqual(debugPodName("a.b", "i"), debugPodName("a-b", "i"));
  assert.match(debugPodName("node-1.example", "i"), /^scope-node-1-example-[0-9a-f]{10}$/);
});

Deno.test("isDebugPodFor() knows its own pod, whoever made it", () => {
  assert.ok(isDebugPodFor(debugPod(options), options.node, options.image));
  const others: Partial<DebugPodOptions>[] = [{ regcred: "" }, { pullPolicy: "Never" }, { namespace: "other" }];
  for (const other of others) {
    assert.ok(isDebugPodFor(debugPod({ ...options, ...other }), options.node, options.image));
  }
});

Deno.test("isDebugPodFor() refuses another node, image or version, and what only pretends", () => {
  const is = (change: (pod: ReturnType<typeof debugPod>) => unknown) => {
    const pod = debugPod(options);
    change(pod);
    return isDebugPodFor(pod, options.node, options.image);
  };
  assert.equal(isDebugPodFor(debugPod(options), "node2", options.image), false);
  assert.equal(isDebugPodFor(debugPod(options), options.node, "other"), false);
  assert.equal(is((pod) => pod.spec!.nodeName = "node2"), false);
  assert.equal(is((pod) => pod.spec!.containers[0]!.image = "other"), false);
  assert.equal(is((pod) => pod.spec!.containers[0]!.name = "app"), false);
  assert.equal(is((pod) => pod.metadata!.labels!["scope/version"] = "0.0.0"), false);
  assert.equal(is((pod) => pod.metadata!.labels!["scope/image"] = "0123456789"), false);
  assert.equal(is((pod) => delete pod.metadata!.labels), false);
  assert.equal(isDebugPodFor({}, "", ""), false);
});

Deno.test("isDebugPodFor() takes the image that admission makes of the one asked for, and no other", () => {
  const pod = debugPod(options);
  pod.spec!.containers[0]!.image = "mirror.example/endoscope:1";
  const is = (admitted?: string) => isDebugPodFor(pod, options.node, options.image, admitted);
  assert.deepEqual([is("mirror.example/endoscope:1"), is("mirror.example/endoscope:2"), is()], [true, false, false]);
  assert.equal(isDebugPodFor(pod, options.node, "other", "mirror.example/endoscope:1"), false);
});

Deno.test("hasEnded() is true as soon as the container has ended, whatever the phase still is", () => {
  const now = (phase: string, state?: Record<string, unknown>): V1Pod => ({
    status: { phase, ...(state === undefined ? {} : { containerStatuses: [{ name: "scope", state }] as never }) },
  });
  const terminated = { terminated: { exitCode: 137, reason: "Error" } };
  assert.deepEqual(
    [now("Running", terminated), now("Failed", terminated), now("Failed"), now("Succeeded")].map(hasEnded),
    [true, true, true, true],
  );
  const waiting = { waiting: { reason: "ContainerCreating" } };
  assert.deepEqual(
    [now("Running", { running: {} }), now("Pending", waiting), now("Pending"), {}].map(hasEnded),
    [false, false, false, false],
  );
});

Deno.test("debugPod() says who made it, and what for", () => {
  const made = debugPod({ ...options, createdBy: { by: "me@host", command: "ping" } }).metadata!.annotations!;
  assert.deepEqual(
    [made["scope/created-by"], made["scope/created-for"], made["scope/created-with"], made["scope/node"]],
    ["me@host", "ping", `scope ${version}`, options.node],
  );
});
