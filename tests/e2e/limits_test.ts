import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { ephemeralContainers } from "./ephemeral.ts";
import { getPod, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { scope, startScope, through } from "./scope.ts";

/** Returns a pod's spec whose first container has these limits; the others have none. */
function limited(limits: Record<string, string>, others: readonly string[] = []): Record<string, unknown> {
  const container = { image: "localhost/busybox:1", command: ["sleep", "infinity"] };
  const first = { ...container, name: "main", resources: { limits, requests: {} } };
  return { nodeName: "node1", containers: [first, ...others.map((name) => ({ ...container, name }))] };
}

interface Usage {
  readonly time: string;
  readonly usedBytes: number;
}

/** Returns the kubelet's disk usage of a pod, by which it evicts; of a single container if one is named. */
async function usage({ metadata, spec }: Pod, container?: string): Promise<Usage | undefined> {
  const { pods } = JSON.parse(await kubectl(["get", "--raw", `/api/v1/nodes/${spec.nodeName}/proxy/stats/summary`]));
  // deno-lint-ignore no-explicit-any -- the kubelet's own structure
  const pod = pods.find(({ podRef }: any) => podRef.uid === metadata.uid);
  if (container === undefined) return pod?.["ephemeral-storage"];
  // deno-lint-ignore no-explicit-any -- the kubelet's own structure too
  return pod?.containers.find(({ name }: any) => name === container)?.rootfs;
}

Deno.test("a pod's own limits", (t) =>
  through("ephemeral", async () => {
    await using own = await TestNamespace.make();
    const on = (pod: string, ...args: string[]) => ["-n", own.name, "-p", pod, ...args];
    const [disk] = await Promise.all([
      own.pod("disk", { spec: limited({ "ephemeral-storage": "20Mi" }, ["other"]) }),
      own.pod("slow", { spec: limited({ cpu: "15m" }) }),
    ]);
    // Runs concurrently with the other steps: such a slow start takes longer than 15 s.
    await using slow = startScope([...on("slow"), "--timeout", "100", "pids"]);
    const script = "for at in /tmp /var/tmp /run /root $TMPDIR /dev/shm; do " +
      "head -c 40000000 /dev/zero >$at/x && echo $at; done; true";
    const writing = await scope(on("disk", "shell", "--", "sh", "-c", script)), wrote = Date.now();

    await t.step("nothing that a tool writes counts as the pod's files, wherever it writes", () => {
      const { stdout, stderr } = writing;
      assert.equal(stdout, "/dev/scope\n/dev/shm\n", stderr);
      assert.match(
        stderr,
        /^pod ".*\/disk" is evicted when its files take more than 20Mi: here nothing is written /m,
      );
      assert.match(stderr, /cannot create \/tmp\/x: Read-only file system/);
    });

    await t.step("auto goes there for what writes nothing, and on the node for a shell", async () => {
      const via = { env: { SCOPE_VIA: "auto" } };
      await own.pod("calm", { spec: limited({ "ephemeral-storage": "20Mi" }) });
      const shell = await scope(on("calm", "-v", "-t", "shell", "true"), via);
      assert.match(shell.stderr, /^trying a debug pod: the pod is evicted when it writes more than 20 MiB, /m);
      const pids = await scope(on("calm", "-v", "pids"), via);
      assert.match(pids.stderr, /^an ephemeral container is the least privileged that can do it/m);
    });

    await t.step(
      "a LimitRange that refuses the debug pod is named, and a small pod is not entered after all",
      async () => {
        await using narrow = await TestNamespace.make();
        await kubectl(["create"], {
          ...{ apiVersion: "v1", kind: "LimitRange", metadata: { name: "narrow", namespace: narrow.name } },
          spec: { limits: [{ type: "Container", default: { memory: "48Mi" }, max: { memory: "512Mi" } }] },
        });
        await narrow.pod("small", { spec: limited({}) });
        const there = ["-n", narrow.name, "-p", "small"];
        const { code, stderr } = await scope([...there, "--via", "auto", "pids"]);
        assert.equal(code, 77);
        assert.match(stderr, /^error: Cannot create a debug pod in namespace ".*": a LimitRange forbids it$/m);
        assert.match(stderr, /^hint: give --debug-namespace NAME .*maximum memory usage per Container is 512Mi/m);
        assert.match(
          stderr,
          /; nor is there another way: Pod ".*\/small" has no room for an ephemeral container: the pod has /,
        );
        assert.deepEqual(await ephemeralContainers(narrow.name, "small"), []);

        const gdb = await scope([...there, "gdb", "--backtrace"]);
        assert.match(
          gdb.stderr,
          /^the pod has .* MiB of memory free, and a manager and its tools take 76: the kernel may end /m,
        );
        assert.equal(gdb.code, 69);
        assert.match(gdb.stderr, /^error: gdb had not enough memory for process "1"\nhint: .*use --via node$/m);
      },
    );

    await t.step("a start in little CPU time is waited for as long as --timeout says", async () => {
      assert.equal(await slow.exit(110), 0, slow.stderr);
      assert.match(slow.stdout, /sleep infinity/);
    });

    await t.step("the kubelet has counted what was written, and has nothing against it", async () => {
      const [container] = await ephemeralContainers(own.name, "disk");
      await until("the kubelet's figures of after the write", 40, async () => {
        return Date.parse((await usage(disk, container!.name))?.time ?? "") > wrote;
      }, { every: 1000 });
      const { usedBytes } = (await usage(disk))!;
      assert.ok(usedBytes < 2 ** 20, `${usedBytes} bytes`);
      assert.equal((await getPod(own.name, "disk")).status.phase, "Running");
    });
  }));
