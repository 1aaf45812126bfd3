import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { Kubeconfig, type Rule } from "./credentials.ts";
import { ephemeralContainers, runningContainers } from "./ephemeral.ts";
import { debugPods, demoPods, kubectl, TestNamespace } from "./kube.ts";
import { scope, scopeOk, type ScopeOptions, startScope, through } from "./scope.ts";

const read: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };
const exec: Rule = { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] };
const patch: Rule = { apiGroups: [""], resources: ["pods/ephemeralcontainers"], verbs: ["patch"] };
const create: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["create", "delete"] };

/** Runs scope with -v, which must succeed; returns its lines about the choice of a way; the last is "beside … through …". */
async function said(args: readonly string[], options?: ScopeOptions): Promise<string[]> {
  const { code, stderr } = await scope(["-v", ...args], options);
  assert.equal(code, 0, stderr);
  return stderr.trimEnd().split("\n").filter((line) => !/^(using|waiting for) /.test(line));
}

function auto(name: string, body: (t: Deno.TestContext, own: TestNamespace) => Promise<void>): void {
  Deno.test(name, (t) =>
    through("auto", async () => {
      await using own = await TestNamespace.make();
      await body(t, own);
    }));
}

auto("--via auto", async (t, own) => {
  const resources = { requests: { memory: "1Mi" }, limits: { memory: "160Mi" } };
  const containers = [{ name: "main", image: "localhost/busybox:1", command: ["sleep", "infinity"], resources }];
  await Promise.all([
    ...["web", "other"].map((name) => own.pod(name, { spec: { nodeName: "node1" } })),
    own.pod("small", { spec: { nodeName: "node1", containers } }),
  ]);
  const on = (pod: string, ...more: string[]) => ["-n", own.name, "-p", pod, ...more];

  await t.step("takes the least privileged where nothing runs", async () => {
    const lines = await said(on("web", "shell", "true"));
    const [container] = await ephemeralContainers(own.name, "web");
    assert.deepEqual(lines.filter((line) => !line.startsWith("adding ")), [
      'no debug pod runs on node "node1"',
      "an ephemeral container is the least privileged that can do it: root with SYS_PTRACE",
      `beside "${own.name}/web" through ephemeral container "${container!.name}" of pod "${own.name}/web"`,
    ]);
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("uses the ephemeral container that runs", async () => {
    await scopeOk(...on("web", "shell", "true"));
    const [name] = await runningContainers(own.name, "web");
    assert.deepEqual(await said(on("web", "pids")), [
      'no debug pod runs on node "node1"',
      `beside "${own.name}/web" through ephemeral container "${name}" of pod "${own.name}/web"`,
      "the pids are those of the target's own pid namespace; --via node tells the node's",
    ]);
    assert.equal((await ephemeralContainers(own.name, "web")).length, 1);
  });

  await t.step("uses the debug pod that runs, even so", async () => {
    await scopeOk(...on("other", "launch"));
    const [pod] = await debugPods(own.name);
    for (const name of ["web", "other"]) {
      assert.deepEqual(await said(on(name, "shell", "true")), [
        `beside "${own.name}/${name}" through debug pod "${own.name}/${pod!.metadata.name}" on node "node1"`,
      ]);
    }
    assert.deepEqual(await ephemeralContainers(own.name, "other"), []);
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
  });

  await t.step("makes a debug pod where the pod has little memory, and says why", async () => {
    const lines = await said(on("small", "shell", "true"));
    const why = /^trying a debug pod: the pod has (perhaps )?\d+ MiB of memory free, less than 150$/;
    assert.ok(lines.some((line) => why.test(line)), lines.join("\n"));
    assert.match(lines.at(-1)!, /through debug pod /);
    assert.deepEqual(await ephemeralContainers(own.name, "small"), []);
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
  });

  await t.step("a user who may not add an ephemeral container gets a debug pod", async () => {
    await using account = await Kubeconfig.ofAccount(own, "no-patch", [read, exec, create]);
    const lines = await said(on("other", "shell", "true"), { env: { KUBECONFIG: account.path } });
    assert.ok(
      lines.includes(
        `no ephemeral container: Cannot use an ephemeral container in pod "${own.name}/other": you are not allowed to`,
      ),
      lines.join("\n"),
    );
    assert.match(lines.at(-1)!, /through debug pod /);
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
  });

  await t.step("a user who may make no debug pod gets an ephemeral container", async () => {
    await using account = await Kubeconfig.ofAccount(own, "no-create", [read, exec, patch]);
    const env = { KUBECONFIG: account.path };
    assert.match((await said(on("other", "shell", "true"), { env })).at(-1)!, /through ephemeral container /);
    // The same in a pod for which a debug pod would be preferred.
    assert.match((await said(on("small", "shell", "true"), { env })).at(-1)!, /through ephemeral container /);
  });

  await t.step("a user who may do neither is told of both: 77", async () => {
    await using account = await Kubeconfig.ofAccount(own, "neither", [read, exec]);
    const { code, stdout, stderr } = await scope(on("other", "ping", "127.0.0.1"), {
      env: { KUBECONFIG: account.path },
    });
    assert.deepEqual([code, stdout], [77, ""]);
    assert.equal(stderr.match(/^error: /gm)!.length, 1);
    assert.match(stderr, /^error: Cannot use an ephemeral container in pod ".*": you are not allowed to$/m);
    const role = `scope -n ${own.name} rbac ping prints the Role`;
    assert.match(
      stderr,
      new RegExp(`^hint: ask for "patch pods/ephemeralcontainers" in namespace "${own.name}": ${role};`, "m"),
    );
    assert.match(stderr, /; nor is there another way: Cannot use a debug pod in namespace ".*": you are not/m);
    assert.match(stderr, /; scope doctor shows all of them$/m);
  });

  await t.step("a quota that leaves no room for a debug pod does not stop an ephemeral container", async () => {
    await scopeOk("-n", own.name, "cleanup", "-p", "all"); // before the quota counts pods
    const count = (await kubectl(["-n", own.name, "get", "pods", "-o", "name"])).trim().split("\n").length;
    await kubectl(["-n", own.name, "create", "quota", "full", `--hard=pods=${count}`]);
    await until("the quota to count", 10, async () => {
      const used = await kubectl(["-n", own.name, "get", "quota", "full", "-o", "jsonpath={.status.used.pods}"]);
      return used === `${count}`;
    });
    const lines = await said(on("small", "shell", "true"));
    assert.ok(
      lines.some((line) => /: a quota forbids it: using an ephemeral container after all$/.test(line)),
      lines.join("\n"),
    );
    assert.match(lines.at(-1)!, /through ephemeral container /);
    assert.deepEqual(await debugPods(own.name), []);
  });
});

auto("--via auto in a restricted namespace", async (t) => {
  const [{ metadata }] = await demoPods("locked", "locked") as [Awaited<ReturnType<typeof demoPods>>[number]];
  const on = (...more: string[]) => ["-n", "locked", "-p", metadata.name, ...more];

  await t.step("shell and pids work as the target's own user, without a debug pod", async () => {
    const { code, stdout, stderr } = await scope(on("-v", "shell", "id", "-u"));
    assert.deepEqual([code, stdout], [0, "65532\n"], stderr);
    const status = await scopeOk(...on("shell", "--inside", "cat", "/proc/self/status"));
    assert.match(status, /^Uid:\s+65532\s[^]*^NoNewPrivs:\s+1$/m);
    assert.match(await scopeOk(...on("pids")), /^locked .* 8080 +httpd -f -p 8080 -h \/tmp$/m);
    assert.deepEqual(await debugPods("locked"), []);
    const shapes = (await ephemeralContainers("locked", metadata.name)).map(({ securityContext }) => securityContext);
    for (const { runAsUser, capabilities } of shapes as { runAsUser: number; capabilities: unknown }[]) {
      assert.deepEqual({ runAsUser, capabilities }, { runAsUser: 65532, capabilities: { drop: ["ALL"] } });
    }
  });

  await t.step("ping reaches a pod, and loses nothing", async () => {
    const [api] = await demoPods("api");
    const { code, stdout, stderr } = await scope(
      on("ping", "-N", "demo", "-d", api!.metadata.name, "-c3", "-i", "0.2"),
    );
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, / 0% .* ok$/m);
  });

  await t.step("what needs NET_RAW is refused, and explained: 77", async () => {
    const before = await ephemeralContainers("locked", metadata.name);
    const { code, stderr } = await scope(on("shell", "tcpdump", "--version"));
    assert.equal(code, 77);
    assert.match(
      stderr,
      /^error: Cannot create a debug pod in namespace "locked": Pod Security forbids it in this namespace$/m,
    );
    assert.match(stderr, /; nor is there another way: .*: Pod Security forbids root with NET_RAW in this namespace; /);
    assert.deepEqual((await ephemeralContainers("locked", metadata.name)).length, before.length);
    assert.deepEqual(await debugPods("locked"), []);
  });

  await t.step("Ctrl-C ends what runs there", async () => {
    await using shell = startScope(on("shell", "sh", "-c", "echo ready; sleep 1000"));
    await shell.until("stdout", /ready/);
    shell.signal("SIGINT");
    assert.equal(await shell.exit(10), 130);
  });
});
