import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { ephemeralContainers } from "./ephemeral.ts";
import { debugPods, kubectl, TestNamespace } from "./kube.ts";
import { scope, scopeOk, through, type Via } from "./scope.ts";

/** Makes admission set a field in the security context of every container of a namespace, until disposed. */
async function mutating(namespace: string, field: string, value: string): Promise<AsyncDisposable> {
  const name = `${namespace}-${field.toLowerCase()}`;
  const all = (key: string) =>
    `object.spec.${key}.map(c, Object.spec.${key}{name: c.name, ` +
    `securityContext: Object.spec.${key}.securityContext{${field}: ${value}}})`;
  const expression = `Object{spec: Object.spec{containers: ${all("containers")}, ephemeralContainers: ` +
    `has(object.spec.ephemeralContainers) ? ${all("ephemeralContainers")} : []}}`;
  const apiVersion = "admissionregistration.k8s.io/v1", metadata = { name };
  await kubectl(["create"], {
    ...{ apiVersion, metadata, kind: "MutatingAdmissionPolicy" },
    spec: {
      ...{ failurePolicy: "Fail", reinvocationPolicy: "Never" },
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        resourceRules: [{
          ...{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"] },
          resources: ["pods", "pods/ephemeralcontainers"],
        }],
      },
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
    },
  });
  await kubectl(["create"], {
    ...{ apiVersion, metadata, kind: "MutatingAdmissionPolicyBinding" },
    spec: { policyName: name },
  });
  const image = "--image=localhost/busybox:1";
  await until(`admission to set ${field}`, 20, async () => {
    const tried = ["run", "try", image, "--dry-run=server", "-o", "jsonpath={.spec.containers[0].securityContext}"];
    return (await outcome("kubectl", ["-n", namespace, ...tried])).stdout.includes(field);
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const kind of ["mutatingadmissionpolicybinding", "mutatingadmissionpolicy"]) {
        await kubectl(["delete", kind, name]);
      }
    },
  };
}

Deno.test("where admission makes every root read-only", async (t) => {
  await using own = await TestNamespace.make();
  const on = (pod: string, ...args: string[]) => ["-n", own.name, "-p", pod, ...args];
  const side = { image: "localhost/busybox:1", command: ["sleep", "infinity"] };
  const user = { runAsUser: 65532, runAsGroup: 65532 };
  await using _policy = await mutating(own.name, "readOnlyRootFilesystem", "true");
  await Promise.all([
    own.pod("root", { spec: { nodeName: "node1" } }),
    own.pod("user", {
      spec: {
        ...{ nodeName: "node1", securityContext: user },
        containers: ["main", "side"].map((name) => ({ ...side, name })),
      },
    }),
  ]);

  for (const [via, pod] of [["ephemeral", "root"], ["ephemeral", "user"], ["node", "user"]] as [Via, string][]) {
    await t.step(`pids, gdb and a shell work in "${pod}" by ${via}`, () =>
      through(via, async () => {
        assert.match(await scopeOk(...on(pod, "pids")), /sleep infinity/);
        assert.match(await scopeOk(...on(pod, "gdb", "--backtrace")), /stood still for/);
        const script = "touch /usr/x; grep ' / ' /proc/self/mounts | cut -d' ' -f4 | cut -d, -f1; " +
          "f=$(mktemp -p ${TMPDIR:-${SCOPE_SCRATCH:-/tmp}}) && rm $f && echo scratch";
        const { stdout, stderr } = await scope(on(pod, "shell", "--", "sh", "-c", script));
        assert.equal(stdout, "ro\nscratch\n", stderr);
        if (via !== "ephemeral") return;
        const [container, ...more] = await ephemeralContainers(own.name, pod);
        assert.ok(container?.state?.["running"], JSON.stringify(container));
        assert.deepEqual(more, []);
      }));
  }

  /** Returns the running ephemeral container for a container of the pod "user"; adds it if there is none. */
  const beside = async (container: string) => {
    await through("ephemeral", () => scopeOk(...on("user", "shell", "-t", container, "true")));
    const all = await ephemeralContainers(own.name, "user");
    return all.find(({ targetContainerName, state }) => targetContainerName === container && state?.["running"])!;
  };

  await t.step("another container of the same user cannot use the manager, though it sees its socket", async () => {
    const manager = await beside("main"), other = await beside("side");
    const socket = `/dev/shm/${manager.name}/manager.sock`;
    // Frames of an HTTP/2 client: preface, settings and a ping, which is answered by a frame of type 6 with flag 1.
    const client =
      String.raw`(printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\10\6\0\0\0\0\0pingpong'; sleep 1) | ` +
      `socat -t1 - UNIX-CONNECT:${socket} | grep -c pingpong`;
    const answers = async (container: string) =>
      (await outcome("kubectl", ["-n", own.name, "exec", "user", "-c", container, "--", "sh", "-c", client])).stdout;
    assert.equal(await answers(manager.name), "1\n");
    assert.equal(await answers(other.name), "0\n");
  });

  await t.step("nothing is left in the pod's shared memory, also by a manager that is killed", async () => {
    const left = () => kubectl(["-n", own.name, "exec", "user", "-c", "main", "--", "ls", "/dev/shm"]);
    const container = await beside("main");
    assert.match(await left(), new RegExp(`^${container.name}$`, "m"));
    // The exec ends with the container.
    await outcome("kubectl", ["-n", own.name, "exec", "user", "-c", container.name, "--", "pkill", "-KILL", "deno"]);
    await until("the cluster to tell", 15, async () => {
      const now = await ephemeralContainers(own.name, "user");
      return now.some(({ name, state }) => name === container.name && state?.["terminated"]);
    });
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
    await until("its directory to go", 10, async () => await left() === "");
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("rights that admission takes away are told before anything is made", async () => {
    await scopeOk("-n", own.name, "cleanup", "-p", "all"); // a debug pod that runs would be used
    await using _user = await mutating(own.name, "runAsUser", "65532");
    await own.pod("late", { spec: { nodeName: "node1" } });
    const { code, stderr } = await scope(on("late", "--via", "auto", "shell", "tcpdump", "--version"));
    assert.equal(code, 77, stderr);
    assert.match(
      stderr,
      /^error: Cannot create a debug pod in namespace ".*": the cluster's admission changes its rights$/m,
    );
    assert.match(
      stderr,
      /^hint: give --debug-namespace NAME .*\(runAsUser is 65532, not 0\); nor is there another way: /m,
    );
    assert.match(stderr, /Cannot add an ephemeral container to pod ".*\/late" as root with NET_RAW: the cluster's /);
    assert.deepEqual(await ephemeralContainers(own.name, "late"), []);
    assert.deepEqual(await debugPods(own.name), []);
  });
});
