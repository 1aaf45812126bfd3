import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { debugPods, getPods, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { nodeProcesses, podProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeOk, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

const image = Deno.env.get("SCOPE_IMAGE")!;
/** Image of a registry that no node can reach. */
const unpullable = "localhost:1/none:1";

/** Removes the fields that the API server and the kubelet add to every pod. */
function withoutDefaults({ nodeName, containers, ...spec }: Pod["spec"]): unknown {
  const [container] = containers;
  const { terminationMessagePath: _path, terminationMessagePolicy: _policy, ...rest } = container;
  const { priority: _priority, preemptionPolicy: _preemption, ...others } = spec;
  const { schedulerName: _scheduler, serviceAccount: _account, serviceAccountName: _name, ...own } = others;
  return { nodeName, containers: [rest, ...containers.slice(1)], ...own };
}

Deno.test("launch, list and cleanup", async (t) => {
  await using own = await TestNamespace.make();
  await Promise.all(["node1", "node2"].map((nodeName) => own.pod(`on-${nodeName}`, { spec: { nodeName } })));
  const inside = (...args: string[]) => ["-n", own.name, ...args];
  /** Starts the debug pod of node1 if there is none, and returns it. */
  const launched = async () => {
    await scopeOk(...inside("-p", "on-node1", "launch"));
    return (await debugPods(own.name)).find(({ spec }) => spec.nodeName === "node1")!;
  };
  const removed = () => scopeOk(...inside("cleanup", "-p", "all"));
  /** Ends the container of a debug pod. */
  const killed = ({ metadata: { uid } }: Pod) =>
    Deno.kill(podProcesses(uid).find(({ argv }) => argv[0] === "/usr/bin/tini")!.pid, "SIGKILL");
  const ours = async () => (await debugPods(own.name)).map(({ metadata }) => metadata.name).toSorted();

  await t.step("list and cleanup say when there is nothing", async () => {
    const list = await scope(inside("list"));
    assert.deepEqual([list.code, list.stdout], [0, ""]);
    assert.equal(list.stderr, "there is nothing of scope's in this namespace; -A looks in all\n");
    const cleanup = await scope(inside("cleanup", "-p", "all"));
    assert.deepEqual([cleanup.code, cleanup.stdout], [0, ""]);
    assert.equal(cleanup.stderr, `there is nothing of scope's in namespace "${own.name}"\n`);
  });

  await t.step("launch starts the node's debug pod, and says who gains what until when", async () => {
    const { code, stdout, stderr } = await scope(inside("-p", "on-node1", "launch", "-o", "json"));
    assert.equal(code, 0, stderr);
    const warned =
      `"${own.name}" is root on node "node1" until it has been idle for 10 minutes, or scope cleanup removes it`;
    assert.ok(stderr.trimEnd().endsWith(warned), stderr);
    const [event, ...more] = eventsOf(stdout);
    assert.deepEqual(more, []);
    const { name, time: _time, tookMs, ...rest } = event!;
    assert.deepEqual(rest, { type: "launch.ready", namespace: own.name, node: "node1", image, created: true });
    assert.ok(typeof tookMs === "number" && tookMs > 0);
    assert.deepEqual(await ours(), [name]);
  });

  await t.step("a second launch finds it", async () => {
    await launched();
    const { code, stdout, stderr } = await scope(inside("-p", "on-node1", "launch"));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^\S+ on node1: ready \(was running, \d+\.\d s\)\n$/);
  });

  await t.step("it is the pod of deploy/debug-pod.yaml", async () => {
    const pod = await launched();
    const { labels, annotations, name } = pod.metadata;
    const hash = (text: string | undefined) => {
      assert.match(text ?? "", /^[0-9a-f]{10}$/);
      return text!;
    };
    assert.deepEqual(labels, {
      "app.kubernetes.io/name": "scope-debug",
      "app.kubernetes.io/managed-by": "scope",
      "scope/node": hash(labels?.["scope/node"]),
      "scope/image": hash(labels?.["scope/image"]),
      "scope/version": (await scopeOk("--version")).trim().replace("scope ", ""),
      "sidecar.istio.io/inject": "false",
      "kuma.io/sidecar-injection": "disabled",
    });
    assert.equal(annotations?.["scope/node"], "node1");
    assert.equal(annotations?.["scope/image"], image);
    assert.match(name, /^scope-node1-[0-9a-f]{10}$/);
    assert.deepEqual(withoutDefaults(pod.spec), {
      nodeName: "node1",
      tolerations: [{ operator: "Exists" }],
      hostPID: true,
      hostNetwork: true,
      dnsPolicy: "Default",
      restartPolicy: "Never",
      activeDeadlineSeconds: 43200,
      terminationGracePeriodSeconds: 5,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      imagePullSecrets: [{ name: "regcred" }],
      securityContext: {},
      containers: [{
        name: "scope",
        image,
        imagePullPolicy: "IfNotPresent",
        securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false },
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "1", memory: "1Gi" } },
      }],
    });
  });

  await t.step(
    "its manager runs under tini, goes first when memory runs out, and listens for its owner only",
    async () => {
      const pod = await launched();
      const processes = podProcesses(pod.metadata.uid).filter(({ argv }) => argv[0] !== "/pause");
      const [tini, reaper, manager, ...more] = processes.toSorted((a, b) => a.pid - b.pid);
      assert.deepEqual(more, []);
      assert.deepEqual(tini!.argv.slice(0, 4), ["/usr/bin/tini", "-s", "-g", "--"]);
      assert.deepEqual(reaper!.argv.slice(0, 2), ["/bin/sh", "/opt/scope/reaper"]);
      assert.match(manager!.argv.join(" "), /^\/usr\/bin\/deno run .*\/opt\/scope\/manager\.js$/);
      assert.match(Deno.readTextFileSync(`/proc/${manager!.pid}/stat`), new RegExp(`\\) \\w ${reaper!.pid} `));
      assert.equal(Deno.readTextFileSync(`/proc/${manager!.pid}/oom_score_adj`), "1000\n");
      const exec = ["-n", own.name, "exec", pod.metadata.name, "--"];
      const modes = await kubectl([...exec, "stat", "-c", "%a %F", "/tmp/scope", "/tmp/scope/manager.sock"]);
      assert.equal(modes, "700 directory\n600 socket\n");
      // The network is the node's, so the sockets that the manager holds show which listeners are its own.
      const inodes = (file: string) =>
        Deno.readTextFileSync(`/proc/${manager!.pid}/net/${file}`).split("\n").slice(1)
          .map((line) => line.trim().split(/\s+/)).map((fields) => `socket:[${fields[9]}]`);
      const held = [...Deno.readDirSync(`/proc/${manager!.pid}/fd`)].map(({ name }) => {
        try {
          return Deno.readLinkSync(`/proc/${manager!.pid}/fd/${name}`);
        } catch {
          return ""; // closed meanwhile
        }
      });
      assert.ok(held.some((link) => link.startsWith("socket:")));
      const network = ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"].flatMap(inodes);
      assert.deepEqual(held.filter((link) => network.includes(link)), []);
    },
  );

  await t.step("tools go first when memory runs out, too", async () => {
    const stdout = await scopeOk(...inside("-p", "on-node1", "shell", "cat", "/proc/self/oom_score_adj"));
    assert.equal(stdout, "1000\n");
  });

  await t.step("list shows the namespace's, and with -A everybody's", async () => {
    await using other = await TestNamespace.make();
    await launched();
    const args = ["-n", own.name, "-p", "on-node2", "--debug-namespace", other.name];
    await scopeOk(...args, "launch");
    const [mine] = await ours();
    const [line, ...more] = (await scopeOk(...inside("list"))).trim().split("\n").slice(1);
    assert.match(line!, new RegExp(`^${own.name} +${mine} +node1 +Running +${image} +\\d+s +in 11h59m$`));
    assert.deepEqual(more, []);
    const everywhere = eventsOf(await scopeOk("list", "-A", "-o", "json"));
    for (const namespace of [own.name, other.name]) {
      const found = everywhere.filter((event) => event["namespace"] === namespace);
      assert.deepEqual(found.map(({ type, status, node }) => ({ type, status, node })), [
        { type: "list.debug-pod", status: "Running", node: namespace === own.name ? "node1" : "node2" },
      ]);
    }
    // Only debug pods of the namespace of -n are removed.
    await scopeOk("-n", other.name, "cleanup", "-p", "all");
    assert.deepEqual(await debugPods(other.name), []);
    assert.deepEqual(await ours(), [mine]);
  });

  await t.step(
    "cleanup -p POD removes that of its node, or the one of that name, and waits until it is gone",
    async () => {
      await launched();
      await scopeOk(...inside("-p", "on-node2", "launch"));
      assert.equal((await ours()).length, 2);
      assert.match(await scopeOk(...inside("cleanup", "-p", "on-node1")), /^\S+ on node1: removed\n$/);
      const [left, ...more] = await ours();
      assert.match(left!, /^scope-node2-/);
      assert.deepEqual(more, []);
      assert.match(
        await scopeOk(...inside("cleanup", "-p", left!)),
        new RegExp(`^${own.name}/${left} on node2: removed\n$`),
      );
      assert.deepEqual(await ours(), []);
    },
  );

  await t.step("cleanup never goes by names: a pod that is called like one stays", async () => {
    const name = "scope-node1-0123456789";
    await own.pod(name, { spec: { nodeName: "node1" } });
    await removed();
    await scope(inside("cleanup", "-p", name));
    const pod = (await getPods(own.name)).find(({ metadata }) => metadata.name === name);
    assert.equal(pod?.metadata.deletionTimestamp, undefined);
    assert.ok(pod !== undefined);
    await kubectl(["-n", own.name, "delete", "pod", name, "--now", "--wait=false"]);
  });

  await t.step("cleanup of an unknown pod is an error, and removes nothing", async () => {
    await launched();
    const { code, stdout, stderr } = await scope(inside("cleanup", "-p", "scope-node1"));
    assert.deepEqual({ code, stdout }, { code: 68, stdout: "" });
    assert.match(stderr, /^error: Cannot find pod "scope-node1" in namespace/);
    assert.equal((await ours()).length, 1);
  });

  await t.step("one that has ended is deleted by the next command, which starts its own", async () => {
    const before = await launched();
    killed(before);
    await own.untilPod(before.metadata.name, ({ status }) => ["Failed", "Succeeded"].includes(status.phase));
    assert.equal(await scopeOk(...inside("-p", "on-node1", "shell", "hostname")), "on-node1\n");
    const [after, ...more] = await debugPods(own.name);
    assert.deepEqual(more, []);
    assert.notEqual(after!.metadata.uid, before.metadata.uid);
  });

  await t.step("one whose container has ended is no longer used, although its phase does not say so yet", async () => {
    const before = await launched();
    killed(before);
    const isEnding = ({ status }: Pod) => status.containerStatuses?.[0]?.state["terminated"] !== undefined;
    await own.untilPod(before.metadata.name, isEnding);
    assert.equal(await scopeOk(...inside("-p", "on-node1", "shell", "hostname")), "on-node1\n");
    assert.notEqual((await debugPods(own.name))[0]!.metadata.uid, before.metadata.uid);
  });

  await t.step("one that has ended on another node, too", async () => {
    await scopeOk(...inside("-p", "on-node2", "launch"));
    const ended = (await debugPods(own.name)).find(({ spec }) => spec.nodeName === "node2")!;
    killed(ended);
    await own.untilPod(ended.metadata.name, ({ status }) => ["Failed", "Succeeded"].includes(status.phase));
    await scopeOk(...inside("-p", "on-node1", "pids"));
    await until("it to be gone", 10, async () => {
      return (await debugPods(own.name)).every(({ metadata }) => metadata.uid !== ended.metadata.uid);
    });
    assert.equal((await ours()).length, 1);
  });

  await t.step("a manager that ends when asked leaves no process", async () => {
    const { metadata: { uid } } = await launched();
    await removed();
    assert.deepEqual(nodeProcesses().filter(({ cgroups }) => cgroups.includes(uid)), []);
  });

  await t.step(
    "--regcred, --pull-policy and --image are as they were given; a pull that fails is given up",
    async () => {
      await removed();
      const options = ["--regcred", "mine", "--pull-policy", "Always", "--image", unpullable, "--timeout", "3"];
      await using launch = startScope(inside(...options, "-p", "on-node1", "launch"));
      await launch.until("stderr", /starting the privileged debug pod/);
      const [pod] = await debugPods(own.name);
      assert.deepEqual(pod!.spec["imagePullSecrets"], [{ name: "mine" }]);
      const [{ image: given, imagePullPolicy }] = pod!.spec["containers"];
      assert.deepEqual([given, imagePullPolicy], [unpullable, "Always"]);
      assert.equal(await launch.exit(15), 75);
      assert.deepEqual(await ours(), []);
    },
  );

  await t.step('--regcred "" is none', async () => {
    await removed();
    await scopeOk(...inside("-c", "", "-p", "on-node1", "launch"));
    const [pod] = await debugPods(own.name);
    assert.equal(pod!.spec["imagePullSecrets"], undefined);
    await removed();
  });

  await t.step("Ctrl-C while it waits for an image leaves no pod", async () => {
    await removed();
    await using launch = startScope(inside("--image", unpullable, "-p", "on-node1", "launch"));
    await launch.until("stderr", /^waiting for debug pod .*ErrImagePull/m, 10);
    assert.equal((await ours()).length, 1);
    launch.signal("SIGINT");
    assert.equal(await launch.exit(10), 130);
    assert.deepEqual(await ours(), []);
  });

  await t.step("Ctrl-C in the moment it was created leaves neither pod nor manager", async () => {
    await removed();
    await using launch = startScope(inside("-p", "on-node1", "launch"));
    await launch.until("stderr", /starting the privileged debug pod/);
    const created = (await debugPods(own.name)).map(({ metadata }) => metadata.uid);
    launch.signal("SIGINT");
    const code = await launch.exit(15);
    if (code === 0) return; // it was ready before the interrupt, so it stays
    assert.equal(code, 130);
    assert.deepEqual(await ours(), []);
    const left = () => nodeProcesses().filter(({ cgroups }) => created.some((uid) => cgroups.includes(uid)));
    await until("its processes to end", 20, () => left().length === 0);
  });

  await t.step("its manager ends by itself when nobody uses it", async () => {
    const pod = await launched();
    const manager = ["deno", "run", "-A", "--no-config", "/opt/scope/manager.js", "--socket", "/tmp/idle/socket"];
    const exec = ["-n", own.name, "exec", pod.metadata.name, "--", "timeout", "15", ...manager, "--idle", "1"];
    await kubectl(exec); // fails if timeout has to end the manager
  });

  await t.step(
    "removed under a ping and under a shell, both say it with 69, and the terminal is as it was",
    async () => {
      await using ping = startScope(inside("-p", "on-node1", "ping", "-c0", "127.0.0.1"));
      await ping.until("stdout", /seq=0 /);
      await using shell = await Terminal.run(inside("-p", "on-node1", "shell"));
      await shell.until(/[$#] *$/m);
      await using graph = await Terminal.run(inside("-p", "on-node1", "ping", "-g", "127.0.0.1"));
      await graph.until(/q quit/);
      await removed();
      const lost = /error: Lost the connection to the manager in debug/;
      assert.equal(await ping.exit(10), 69);
      assert.match(ping.stderr, lost);
      assert.match(ping.stdout, /^127\.0\.0\.1 .* ok$/m);
      for (const terminal of [shell, graph]) {
        const { code, screen } = await terminal.exit(10);
        assert.equal(code, 69, screen);
        assert.match(screen, lost);
      }
    },
  );
});
