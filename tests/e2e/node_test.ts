import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { nodePid } from "../cluster/node.ts";
import { openState } from "../cluster/state.ts";
import { Kubeconfig } from "./credentials.ts";
import { debugPods, kubectl, TestNamespace } from "./kube.ts";
import { describe, nodeProcesses, runProcesses } from "./node_processes.ts";
import { scope, scopeOk, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

Deno.test("node", async (t) => {
  await using own = await TestNamespace.make();
  const on = (node: string, ...command: string[]) => ["-n", own.name, "node", node, ...command];
  const root = (node: string) => `/proc/${nodePid(openState(), node)}/root`;

  await t.step("is on the node: its name, network, processes and files", async () => {
    for (const node of ["node1", "node2"]) {
      assert.equal(await scopeOk(...on(node, "hostname")), `${node}\n`);
      const namespaces = ["net", "uts", "ipc", "pid"].map((kind) => `/proc/self/ns/${kind}`);
      const theirs = namespaces.map((path) => Deno.readLinkSync(path.replace("self", `${nodePid(openState(), node)}`)));
      assert.deepEqual((await scopeOk(...on(node, "readlink", ...namespaces))).trim().split("\n"), theirs);
    }
  });

  await t.step("has the node's files at /host, and its own tools in front of them", async () => {
    const marked = `${root("node1")}/run/scope-e2e-${crypto.randomUUID()}`;
    await Deno.writeTextFile(marked, "of the node\n");
    try {
      const path = marked.slice(root("node1").length);
      assert.equal(await scopeOk(...on("node1", "cat", `/host${path}`)), "of the node\n");
      assert.equal((await scope(on("node1", "cat", path))).code, 1, "and nowhere else");
      assert.equal(await scopeOk(...on("node1", "chroot", "/host", "cat", path)), "of the node\n");
    } finally {
      await Deno.remove(marked);
    }
    assert.match(await scopeOk(...on("node1", "cat", "/host/etc/os-release")), /^PRETTY_NAME=/m);
    assert.match(await scopeOk(...on("node1", "ls", "/opt/scope")), /^manager\.js$/m);
  });

  await t.step("sees all processes of the node, from the first on", async () => {
    const ps = await scopeOk(...on("node1", "ps", "-eo", "pid=,args="));
    assert.match(ps, /^ *1 .*node_init\.sh$/m);
    assert.match(ps, /^ *\d+ kubelet /m);
    assert.match(ps, /^ *\d+ .*containerd-shim/m);
  });

  await t.step("resolves names as the node does", async () => {
    const theirs = await Deno.readTextFile(`${root("node1")}/etc/resolv.conf`);
    assert.equal(await scopeOk(...on("node1", "cat", "/etc/resolv.conf")), theirs);
  });

  await t.step("passes exit code, options and standard input on", async () => {
    const { code, stdout, stderr } = await scope(on("node1", "sh", "-c", "cat; echo no >&2; exit 42", "-t"), {
      stdin: new TextEncoder().encode("in\n"),
    });
    assert.deepEqual({ code, stdout, stderr }, { code: 42, stdout: "in\n", stderr: "no\n" });
    assert.equal(await scopeOk(...on("node1", "--", "echo", "-n", "--")), "--");
    assert.equal((await scope(on("node1", "no-such-program"))).code, 127);
  });

  await t.step("one debug pod serves all of it, in the namespace that was asked for", async () => {
    for (const node of ["node1", "node2"]) await scopeOk(...on(node, "true"));
    assert.deepEqual((await debugPods(own.name)).map(({ spec }) => spec.nodeName).toSorted(), ["node1", "node2"]);
    await using other = await TestNamespace.make();
    await scopeOk("-t", "--debug-namespace", other.name, ...on("node1", "true"));
    assert.deepEqual(await debugPods(other.name), [], "and --terminate removes it");
  });

  await t.step("in a terminal the prompt names the node, and its size and keys arrive", async () => {
    await using terminal = await Terminal.run(on("node2"), 100, 30);
    await terminal.until(/^the files of node\/node2 are in \/host .*\nnode\/node2:\/# *$/m);
    await terminal.type("stty size; hostname", "Enter");
    await terminal.until(/^30 100\nnode2$/m);
    await terminal.type("sleep 1000", "Enter");
    await until("sleep to run", 5, () => runProcesses().some(({ argv }) => argv.join(" ") === "sleep 1000"));
    await terminal.type("", "C-c");
    await terminal.type("exit 7", "Enter");
    assert.equal((await terminal.exit(5)).code, 7);
    await until("the shell to end", 5, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });

  await t.step("SIGKILL of scope ends what it started on the node, and nothing of the node's", async () => {
    const before = nodeProcesses().filter(({ argv }) => argv[0] === "kubelet").map(({ pid }) => pid);
    await using shell = startScope(on("node1", "sh", "-c", "setsid sleep 1001 & echo ready; sleep 1002"));
    await shell.until("stdout", /ready/);
    shell.signal("SIGKILL");
    await until("both to end", 6, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
    assert.deepEqual(nodeProcesses().filter(({ argv }) => argv[0] === "kubelet").map(({ pid }) => pid), before);
  });

  const fails = async (args: string[], code: number, stderr: string | RegExp, env: Record<string, string> = {}) => {
    const found = await scope(args, { env });
    assert.deepEqual([found.code, found.stdout], [code, ""], found.stderr);
    if (typeof stderr === "string") assert.equal(found.stderr, stderr);
    else assert.match(found.stderr, stderr);
  };

  await t.step("a node that is not there, no name at all, an option in the wrong place", async () => {
    const missing = (name: string) => `error: Cannot find node "${name}"\nhint: kubectl get nodes lists them\n`;
    for (const name of ["node9", "Not/A node"]) await fails(on(name, "true"), 68, missing(name));
    await fails(["-n", own.name, "node"], 64, /^error: No node specified\nhint: /);
    await fails(on("node1", "-o", "json"), 64, /^error: Option "-o" stands behind the node's name\nhint: /);
    const via = "error: There is no way to a node by --via ephemeral\nhint: leave it out: a node is reached through a ";
    await fails(["--via", "ephemeral", ...on("node1")], 64, `${via}debug pod\n`);
  });

  await t.step("a node that is not ready: 69", async () => {
    const name = `ghost-${crypto.randomUUID().slice(0, 8)}`;
    const taints = [{ key: "scope.test/ghost", effect: "NoSchedule" }];
    await kubectl(["create"], { apiVersion: "v1", kind: "Node", metadata: { name }, spec: { taints } });
    try {
      const lost = {
        type: "Ready",
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting",
      };
      const patch = JSON.stringify({ status: { conditions: [lost] } });
      await kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", patch]);
      const words = `error: Node "${name}" is not ready (NodeStatusUnknown)\nhint: Kubelet stopped posting\n`;
      await fails(on(name, "true"), 69, words);
    } finally {
      await kubectl(["delete", "node", name]);
    }
  });

  await t.step("without the right to make a debug pod: 77; the right to read nodes is not needed", async () => {
    const account = (name: string, verbs: string[]) =>
      Kubeconfig.ofAccount(own, name, [
        { apiGroups: [""], resources: ["pods"], verbs },
        { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] },
      ]);
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
    await using reader = await account("reader", ["get", "list", "watch"]);
    await fails(
      on("node1", "true"),
      77,
      /^error: Cannot use a debug pod .*: you are not allowed to\nhint: ask for "create pods" in /,
      {
        KUBECONFIG: reader.path,
      },
    );
    await using maker = await account("maker", ["get", "list", "watch", "create", "delete"]);
    const { code, stdout, stderr } = await scope(on("node1", "hostname"), { env: { KUBECONFIG: maker.path } });
    assert.deepEqual([code, stdout], [0, "node1\n"], stderr);
  });
});
