import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { isFinished, isReady, podIps, podStatus, toDestinations, toTarget } from "../../../src/kube/pods.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { containerStatus, deleted, finished, id, notReady, pending, pod } from "./pod.ts";

const waiting = (reason: string) => ({
  status: { phase: "Pending", containerStatuses: [{ ...containerStatus("app"), state: { waiting: { reason } } }] },
});

/** Makes a pod whose sidecar has started, and whose init container after it has this state. */
const starting = (state: Record<string, unknown>) => ({
  ...waiting("PodInitializing"),
  spec: {
    containers: [{ name: "app" }],
    initContainers: [{ name: "proxy", restartPolicy: "Always" }, { name: "migrate" }],
  },
  status: {
    ...waiting("PodInitializing").status,
    initContainerStatuses: [
      { ...containerStatus("proxy"), started: true, state: { running: {} } },
      { ...containerStatus("migrate"), state },
    ],
  },
});

for (
  const [name, of, expected] of [
    ["a running pod", pod("web"), "Running"],
    ["one that is being deleted", pod("web", deleted), "Terminating"],
    ["one whose image does not come", pod("web", waiting("ImagePullBackOff")), "ImagePullBackOff"],
    ["one that ends again and again", pod("web", waiting("CrashLoopBackOff")), "CrashLoopBackOff"],
    ["one that no node takes", pod("web", pending), "Pending"],
    ["an evicted one", pod("web", { status: { phase: "Failed", reason: "Evicted" } }), "Evicted"],
    ["a finished one", pod("web", finished), "Succeeded"],
    ["one without any status", {}, "Unknown"],
    ["one whose init container runs", starting({ running: {} }), "Init:1/2"],
    ["one whose init container waits", starting({ waiting: { reason: "PodInitializing" } }), "Init:1/2"],
    [
      "one whose init container crashes",
      starting({ waiting: { reason: "CrashLoopBackOff" } }),
      "Init:CrashLoopBackOff",
    ],
    ["one whose init container failed", starting({ terminated: { exitCode: 1, reason: "Error" } }), "Init:Error"],
    ["one whose init containers have ended", starting({ terminated: { exitCode: 0 } }), "PodInitializing"],
  ] as [string, V1Pod, string][]
) {
  Deno.test(`podStatus() of ${name} is ${expected}`, () => assert.equal(podStatus(of), expected));
}

Deno.test("isReady() is true for a ready pod that stays", () => {
  assert.deepEqual([pod("a"), pod("a", deleted), pod("a", notReady), {}].map(isReady), [true, false, false, false]);
});

Deno.test("isFinished() is true for both ways to finish", () => {
  const phases = ["Succeeded", "Failed", "Running", "Pending", "Unknown"];
  assert.deepEqual(phases.map((phase) => isFinished(pod("a", { status: { phase } }))), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("podIps() takes the one address of an old API server, too", () => {
  assert.deepEqual(podIps(pod("a")), ["10.0.0.1", "fd00::1"]);
  assert.deepEqual(podIps(pod("a", { status: { podIPs: undefined as never } })), ["10.0.0.1"]);
  assert.deepEqual(podIps({}), []);
});

Deno.test("toTarget() holds what a manager must know", () => {
  assert.deepEqual(toTarget(pod("web")), {
    namespace: "shop",
    pod: "web",
    uid: "uid-web",
    node: "node1",
    ips: ["10.0.0.1", "fd00::1"],
    hostNetwork: false,
    container: { name: "app", id },
    containers: [{ name: "app", id }],
    probes: [],
    nodeAddresses: [],
    storage: { emptyDirs: {} },
  });
  assert.equal(toTarget(pod("web", { spec: { hostNetwork: true } })).hostNetwork, true);
});

Deno.test("toTarget() takes a pod that says it runs Linux", () => {
  const spec = { os: { name: "linux" }, nodeSelector: { "kubernetes.io/os": "linux" } };
  assert.equal(toTarget(pod("web", { spec })).pod, "web");
});

const several = pod("web", {
  spec: {
    containers: [{ name: "app" }, { name: "db" }],
    initContainers: [{ name: "setup" }, { name: "proxy", restartPolicy: "Always" }],
  },
  status: {
    containerStatuses: [
      { ...containerStatus("db"), state: { running: {} }, containerID: `cri-o://${"b".repeat(64)}` },
      { ...containerStatus("app"), state: { terminated: { exitCode: 1 } }, containerID: `containerd://${id}` },
    ],
    initContainerStatuses: [
      {
        ...containerStatus("setup"),
        state: { terminated: { exitCode: 0, reason: "Completed" } },
        containerID: `containerd://${id}`,
      },
      { ...containerStatus("proxy"), state: { running: {} }, containerID: `docker://${"c".repeat(64)}` },
    ],
  },
});

Deno.test("toTarget() names the containers and sidecars, and the ids of those that run", () => {
  assert.deepEqual(toTarget(several).containers, [
    { name: "app", id: "" },
    { name: "db", id: "b".repeat(64) },
    { name: "proxy", id: "c".repeat(64) },
  ]);
});

Deno.test("toTarget() takes the container given, or the one of kubectl, or the first", () => {
  assert.equal(toTarget(several, "proxy").container.name, "proxy");
  assert.equal(toTarget(several).container.name, "app");
  const annotations = (name: string) => ({
    ...several,
    metadata: { ...several.metadata, annotations: { "kubectl.kubernetes.io/default-container": name } },
  });
  assert.equal(toTarget(annotations("db")).container.name, "db");
  assert.equal(toTarget(annotations("db"), "app").container.name, "app");
  assert.equal(toTarget(annotations("removed")).container.name, "app");
});

/** Makes a pod whose containers wait while these of its init containers run. */
const initializing = (...running: string[]) =>
  pod("web", {
    spec: {
      containers: [{ name: "app" }, { name: "db" }],
      initContainers: [{ name: "proxy", restartPolicy: "Always" }, { name: "migrate" }],
    },
    status: {
      phase: "Pending",
      containerStatuses: ["app", "db"].map((name) => ({
        ...containerStatus(name),
        state: { waiting: { reason: "PodInitializing" } },
      })),
      initContainerStatuses: running.map((name) => ({
        ...containerStatus(name),
        ...{ state: { running: {} }, containerID: `containerd://${name}` },
      })),
    },
  });

Deno.test("toTarget() takes the init container that the others wait for", () => {
  const target = toTarget(initializing("proxy", "migrate"));
  assert.deepEqual(target.container, { name: "migrate", id: "migrate" });
  assert.deepEqual(target.containers.map(({ name }) => name), ["app", "db", "proxy", "migrate"]);
  assert.equal(toTarget(initializing("proxy")).container.name, "proxy", "one that has not started others yet");
  assert.equal(toTarget(initializing()).container.name, "app");
  assert.equal(toTarget(initializing("proxy", "migrate"), "app").container.name, "app", "what was asked for");
  assert.equal(toTarget(initializing("proxy", "migrate"), "proxy").container.name, "proxy");
});

Deno.test("toTarget() takes no sidecar for a container whose image is pulled, once the init containers are done", () => {
  const pulled = initializing("proxy");
  pulled.status!.conditions = [{ type: "Initialized", status: "True" }];
  assert.equal(toTarget(pulled).container.name, "app");
  pulled.status!.conditions = [{ type: "Initialized", status: "False" }];
  assert.equal(toTarget(pulled).container.name, "proxy");
});

Deno.test("toTarget() takes no sidecar for a container that crashes", () => {
  const crashes = initializing("proxy");
  for (const status of crashes.status!.containerStatuses!) status.state!.waiting!.reason = "CrashLoopBackOff";
  assert.equal(toTarget(crashes).container.name, "app");
});

Deno.test("toTarget() takes the hash of a static pod, which its cgroups are named by", () => {
  const annotations = { "kubernetes.io/config.hash": "0123456789abcdef" };
  assert.equal(toTarget(pod("etcd-node1", { metadata: { annotations } })).uid, "0123456789abcdef");
});

for (
  const [name, of, container, kind, message, hint] of [
    [
      "a finished pod",
      pod("job", finished),
      undefined,
      "unreachable",
      'Pod "shop/job" has finished (Succeeded)',
      /runs/,
    ],
    [
      "a pod that no node takes",
      pod("late", pending),
      undefined,
      "unreachable",
      'Pod "shop/late" has no address yet (Pending)',
      /0\/2 nodes are available/,
    ],
    [
      "a pod without an address",
      pod("late", { status: { phase: "Pending", podIP: undefined as never, podIPs: [], containerStatuses: [] } }),
      undefined,
      "unreachable",
      'Pod "shop/late" has no address yet (Pending)',
      /kubectl describe pod/,
    ],
    ...([
      ["by its field", { os: { name: "windows" } }],
      ["by its nodes", { nodeSelector: { "kubernetes.io/os": "windows" } }],
    ] as const).map(([how, spec]) => [
      `a pod that runs Windows, ${how}`,
      pod("iis", { spec }),
      undefined,
      "unreachable",
      'Pod "shop/iis" runs Windows, which scope does not support',
      /runs Linux/,
    ]),
    [
      "an init container that has ended",
      several,
      "setup",
      "unreachable",
      'Init container "setup" of pod "shop/web" does not run (Completed)',
      /^those that run: db, proxy$/,
    ],
    [
      "a container that there is not",
      several,
      "nothing",
      "notFound",
      'Cannot find container "nothing" in pod "shop/web"',
      /^it has app, db, proxy$/,
    ],
  ] as [string, V1Pod, string | undefined, string, string, RegExp][]
) {
  Deno.test(`toTarget() refuses ${name}`, () => {
    assert.throws(() => toTarget(of, container), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], [kind, message]);
      assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

const here = { pod: "web", namespace: "shop", node: "node1" };

for (
  const [name, of, families, expected] of [
    ["its primary address", pod("web"), [], [{ address: "10.0.0.1", ...here }]],
    ["its address of a family", pod("web"), [6], [{ address: "fd00::1", ...here }]],
    ["both its addresses", pod("web"), [6, 4], [{ address: "10.0.0.1", ...here }, { address: "fd00::1", ...here }]],
    ["that its address is the node's", pod("web", { spec: { hostNetwork: true } }), [4], [
      { address: "10.0.0.1", ...here, hostNetwork: true },
    ]],
    ["why not: no such family", pod("web", { status: { podIPs: [{ ip: "10.0.0.1" }] } }), [6], "has no IPv6 address"],
    ["why not: finished", pod("web", finished), [], "has finished (Succeeded)"],
    ["why not: no address", pod("web", pending), [], "has no address yet (Pending)"],
    ["why not: deleted", pod("web", deleted), [], "is being deleted"],
  ] as [string, V1Pod, (4 | 6)[], unknown][]
) {
  Deno.test(`toDestinations() tells ${name}`, () => assert.deepEqual(toDestinations(of, families), expected));
}

Deno.test("toDestinations() tells the first TCP port that the pod says it has", () => {
  const portOf = (...containers: { containerPort: number; protocol?: string }[][]) => {
    const spec = { containers: containers.map((ports, at) => ({ name: `c${at}`, ports })) };
    const found = toDestinations(pod("web", { spec }));
    return typeof found === "string" ? found : found.map(({ port }) => port);
  };
  const [dns, http] = [{ containerPort: 53, protocol: "UDP" }, { containerPort: 8080, protocol: "TCP" }];
  assert.deepEqual(portOf([dns, http, { containerPort: 9090 }]), [8080]);
  assert.deepEqual(portOf([dns], [{ containerPort: 9090 }]), [9090]);
  assert.deepEqual(portOf([dns]), [undefined]);
});
