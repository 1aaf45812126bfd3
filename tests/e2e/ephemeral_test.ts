import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { Kubeconfig, type Rule } from "./credentials.ts";
import { ephemeralContainers, runningContainers } from "./ephemeral.ts";
import { demoPods, isRunning, kubectl, TestNamespace } from "./kube.ts";
import { scope, scopeOk, type ScopeOptions, startScope, through } from "./scope.ts";

const image = Deno.env.get("SCOPE_IMAGE")!;
const nonRoot = { securityContext: { runAsNonRoot: true, runAsUser: 1234, runAsGroup: 2345 } };
/** Command that prints its own rights; naming a program makes shell request the rights for it. */
const statusFor = (program = "") => ["shell", "sh", "-c", `cat /proc/self/status #${program}`];

/** Runs a command that must fail; returns its exit code and its last lines: the error and its hint. */
async function failure(args: readonly string[], options?: ScopeOptions): Promise<{ code: number; words: string }> {
  const { code, stderr } = await scope(args, options);
  return { code, words: stderr.slice(stderr.indexOf("error: ")) };
}

function viaEphemeral(name: string, body: (t: Deno.TestContext, own: TestNamespace) => Promise<void>): void {
  Deno.test(name, (t) =>
    through("ephemeral", async () => {
      await using own = await TestNamespace.make();
      await body(t, own);
    }));
}

viaEphemeral("the shape of an ephemeral container", async (t, own) => {
  const inside = (pod: string, ...args: string[]) => ["-n", own.name, "-p", pod, ...args];
  const read = (status: string, key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)![1]!.split(/\s+/);
  await Promise.all([own.pod("mine", { spec: nonRoot }), own.pod("root")]);

  await t.step("is the target's own user, without anything, where no capability is needed", async () => {
    const status = await scopeOk(...inside("mine", ...statusFor()));
    const [container, ...more] = await ephemeralContainers(own.name, "mine");
    assert.deepEqual(more, []);
    assert.match(container!.name, /^scope-[0-9a-f]{6}$/);
    assert.deepEqual([container!.image, container!.targetContainerName], [image, "main"]);
    assert.deepEqual(container!.securityContext, {
      ...{ runAsUser: 1234, runAsGroup: 2345, runAsNonRoot: true, capabilities: { drop: ["ALL"] } },
      ...{ allowPrivilegeEscalation: false, seccompProfile: { type: "RuntimeDefault" } },
    });
    assert.deepEqual([read(status, "Uid")[0], read(status, "Gid")[0]], ["1234", "2345"]);
    for (const key of ["CapEff", "CapPrm", "CapBnd"]) assert.equal(BigInt(`0x${read(status, key)[0]}`), 0n, key);
    assert.deepEqual([read(status, "NoNewPrivs"), read(status, "Seccomp")], [["1"], ["2"]]);
  });

  await t.step("is root with just what is needed otherwise", async () => {
    const status = await scopeOk(...inside("root", ...statusFor("tcpdump")));
    const [container] = await ephemeralContainers(own.name, "root");
    assert.deepEqual(container!.securityContext, {
      ...{ runAsUser: 0, runAsGroup: 0, runAsNonRoot: false, capabilities: { drop: ["ALL"], add: ["NET_RAW"] } },
      ...{ allowPrivilegeEscalation: false, seccompProfile: { type: "RuntimeDefault" } },
    });
    assert.equal(read(status, "Uid")[0], "0");
    for (const key of ["CapEff", "CapBnd"]) assert.equal(BigInt(`0x${read(status, key)[0]}`), 1n << 13n, key);
    assert.deepEqual([read(status, "NoNewPrivs"), read(status, "Seccomp")], [["1"], ["2"]]);
  });

  await t.step("is used again by whoever needs no more", async () => {
    await scopeOk(...inside("root", ...statusFor("tcpdump")));
    const before = await runningContainers(own.name, "root");
    const { code, stderr } = await scope(inside("root", ...statusFor("fping")));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(await runningContainers(own.name, "root"), before);
  });

  await t.step(
    "has all that was needed so far where something is missing, and takes the place of the old one",
    async () => {
      await scopeOk(...inside("root", ...statusFor("tcpdump")));
      const [before] = await runningContainers(own.name, "root");
      assert.match(await scopeOk(...inside("root", "pids")), /sleep infinity/);
      const all = await ephemeralContainers(own.name, "root");
      assert.deepEqual(all.map(({ securityContext }) => securityContext["capabilities"]), [
        { drop: ["ALL"], add: ["NET_RAW"] },
        { drop: ["ALL"], add: ["NET_RAW", "SYS_PTRACE"] },
      ]);
      await until("the old one to end", 5, async () => {
        return (await runningContainers(own.name, "root")).join() === all[1]!.name && all[0]!.name === before;
      });
      await scopeOk(...inside("root", ...statusFor("tcpdump")));
      assert.equal((await ephemeralContainers(own.name, "root")).length, 2);
    },
  );

  await t.step("does not take the place of one that somebody uses", async () => {
    await using busy = startScope(inside("root", "shell", "sh", "-c", "echo ready; sleep 1000"));
    await busy.until("stdout", /ready/);
    const [before] = await runningContainers(own.name, "root");
    const { stderr } = await scope(inside("root", "-v", ...statusFor("nft")));
    assert.match(stderr, new RegExp(`^others use "${before}", which lacks something$`, "m"));
    assert.equal((await runningContainers(own.name, "root")).includes(before!), true);
  });

  await t.step("a new one is added for another container of the pod", async () => {
    const containers = ["one", "two"].map((name) => {
      return { name, image: "localhost/busybox:1", command: ["sleep", name === "one" ? "1001" : "1002"] };
    });
    await own.pod("double", { spec: { containers } });
    for (const [name, command] of [["one", "sleep 1001"], ["two", "sleep 1002"], ["one", "sleep 1001"]] as const) {
      const first = await scopeOk(...inside("double", "shell", "-t", name, "ps", "-o", "args=", "-p", "1"));
      assert.equal(first.trim(), command);
    }
    const targets = (await ephemeralContainers(own.name, "double")).map(({ targetContainerName }) =>
      targetContainerName
    );
    assert.deepEqual(targets, ["one", "two"]);
  });

  await t.step("a new one is added where the last one has ended, under a name of its own", async () => {
    await scopeOk(...inside("mine", "shell", "true"));
    assert.match(await scopeOk("-n", own.name, "cleanup", "-p", "mine"), /:scope-[0-9a-f]{6} on node\d: ended\n$/);
    assert.deepEqual(await runningContainers(own.name, "mine"), []);
    await scopeOk(...inside("mine", "shell", "true"));
    const names = (await ephemeralContainers(own.name, "mine")).map(({ name }) => name);
    assert.equal(new Set(names).size, 2);
    assert.deepEqual(await runningContainers(own.name, "mine"), [names[1]]);
  });

  await t.step("list shows those that run, and their rights", async () => {
    await scopeOk(...inside("mine", "shell", "true"));
    const [name] = await runningContainers(own.name, "mine");
    const list = await scopeOk("-n", own.name, "list");
    const row = new RegExp(
      `^${own.name} +mine +${name} +node\\d +Running +user 1234 without capabilities +${image} +\\d+s$`,
      "m",
    );
    assert.match(list, row);
    assert.equal(list.match(/ mine /g)!.length, 1);
  });

  await t.step("-t ends it, unless others use it", async () => {
    await own.pod("short");
    const { code, stderr } = await scope(inside("short", "-t", "shell", "true"));
    assert.equal(code, 0, stderr);
    await until("it to end", 5, async () => (await runningContainers(own.name, "short")).length === 0);
    await using first = startScope(inside("short", "-t", "shell", "sh", "-c", "echo ready; sleep 1000"));
    await first.until("stdout", /ready/);
    await using second = startScope(inside("short", "shell", "sh", "-c", "echo ready; sleep 1000"));
    await second.until("stdout", /ready/);
    first.signal("SIGINT");
    await first.exit(10);
    const [name, ...more] = await runningContainers(own.name, "short");
    assert.deepEqual(more, []);
    const stays = `ephemeral container "${name}" of pod "${own.name}/short" stays: others use it\n`;
    assert.ok(first.stderr.endsWith(stays), first.stderr);
    second.signal("SIGINT");
    await second.exit(10);
    assert.deepEqual(await runningContainers(own.name, "short"), [name]);
  });
});

viaEphemeral("an ephemeral container that cannot be had", async (t, own) => {
  const inside = (pod: string, ...args: string[]) => ["-n", own.name, "-p", pod, ...args];
  await own.pod("web");

  await t.step("a shape that Pod Security refuses leaves nothing in the pod's spec", async () => {
    await using baseline = await TestNamespace.make();
    await kubectl(["label", "namespace", baseline.name, "pod-security.kubernetes.io/enforce=baseline"]);
    await baseline.pod("web");
    const args = (...more: string[]) => ["-n", baseline.name, "-p", "web", ...more];
    assert.deepEqual(await failure(args("shell", "tcpdump", "--version")), {
      code: 77,
      words: `error: Cannot add an ephemeral container to pod "${baseline.name}/web": Pod Security forbids root with ` +
        "NET_RAW in this namespace\nhint: use --via node with --debug-namespace NAME of a namespace that admits " +
        "privileged pods\n",
    });
    assert.deepEqual(await ephemeralContainers(baseline.name, "web"), []);
    // Optional capabilities are dropped, with a message.
    const { code, stderr } = await scope(args("-v", "pids"));
    assert.equal(code, 0, stderr);
    const why = /^no ephemeral container as root with SYS_PTRACE: Pod Security "baseline:latest": .*"SYS_PTRACE"/m;
    assert.match(stderr, why);
    const [container, ...more] = await ephemeralContainers(baseline.name, "web");
    assert.deepEqual([container!.securityContext["capabilities"], more], [{ drop: ["ALL"] }, []]);
  });

  await t.step("an image of localhost that was never loaded: at once, and what stays is said", async () => {
    const { code, stderr, seconds } = await scope(inside("web", "--image", "localhost/none:1", "shell", "true"));
    assert.equal(code, 69);
    assert.ok(seconds < 10, `it took ${seconds} s`);
    assert.match(stderr, /^adding the ephemeral container .*, and its name stays with the pod$/m);
    assert.match(stderr, /^error: Cannot pull the image "localhost\/none:1" \(ErrImagePull\)\nhint: it is only on /m);
  });

  await t.step(
    "a registry that does not answer: the reason within 5 s, and given up at --timeout",
    async () => {
      const args = ["--image", "localhost:1/none:1", "--timeout", "15", "shell", "true"];
      await using shell = startScope(inside("web", ...args));
      await shell.until("stderr", /^adding the ephemeral container /m, 10);
      await shell.until("stderr", /^waiting for ephemeral container ".*" of pod ".*": ErrImagePull: .*refused/m, 5);
      assert.equal(await shell.exit(20), 75);
      assert.match(shell.stderr, /^error: Ephemeral container ".*" did not start within 15 s\nhint: give --image .*$/m);
    },
  );

  await t.step("an image whose program ends at once, or is none", async () => {
    const ended = await failure(inside("web", "--image", "localhost/agnhost:1", "shell", "true"));
    assert.equal(ended.code, 69);
    // It may run long enough to be mistaken for a manager.
    const manager = `The manager in ephemeral container "scope-[0-9a-f]{6}" of pod "${own.name}/web" does not answer`;
    const words = `^error: (Ephemeral .* ended at once \\(Error, exit code 1\\)|${manager})$`;
    assert.match(ended.words, new RegExp(words, "m"));
    const hint = /^hint: ((it ended \(Error, exit code 1\): )?unknown flag: --shared-namespaces|.*"sh".*)$/m;
    assert.match(ended.words, hint);
    const none = await failure(inside("web", "--image", "localhost/busybox:1", "--timeout", "50", "shell", "true"));
    assert.equal(none.code, 69);
    assert.match(none.words, /^error: Ephemeral container ".*" of pod ".*\/web" cannot start \(RunContainerError\)$/m);
    assert.match(none.words, /^hint: .*executable file not found/m);
  });

  await t.step("cleanup says what goes with the pod only", async () => {
    await failure(inside("web", "--image", "localhost/none:1", "shell", "true"));
    const { code, stdout, stderr } = await scope(["-n", own.name, "cleanup", "-p", "web"]);
    assert.deepEqual([code, stdout], [0, ""]);
    const lines = stderr.trim().split("\n");
    assert.ok(lines.length >= 1, stderr); // it may include one that has just ended
    for (const line of lines) {
      assert.match(line, /^ephemeral container ".*" of pod ".*\/web" does not run \(\w+\), and /);
    }
  });

  await t.step("a pod that has finished, one that waits, and a container that does not run", async () => {
    for (
      const [pod, words] of [["finished", /has finished/], [
        "pending",
        /does not run|is not running|no address|Pending/,
      ]] as const
    ) {
      const { code, words: said } = await failure(["-n", "demo", "-p", pod, "shell", "true"]);
      assert.equal(code, 69);
      assert.match(said, words);
    }
    await own.pod("crashing", {
      command: ["false"],
      until: (pod) => !isRunning(pod) && pod.status.containerStatuses?.[0]?.lastState?.["terminated"] !== undefined,
    });
    const { code, words } = await failure(inside("crashing", "shell", "true"));
    assert.equal(code, 69);
    assert.match(
      words,
      new RegExp(`^error: Container "main" of pod "${own.name}/crashing" does not run \\(\\w+\\)$`, "m"),
    );
    assert.deepEqual(await ephemeralContainers(own.name, "crashing"), []);
  });

  const read: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };
  const exec: Rule = { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] };
  const patch: Rule = { apiGroups: [""], resources: ["pods/ephemeralcontainers"], verbs: ["patch"] };

  const role = `scope -n ${own.name} --via ephemeral rbac shell`;

  await t.step("a user who may not add one is told which right is missing", async () => {
    await using account = await Kubeconfig.ofAccount(own, "no-patch", [read, exec]);
    const found = await failure(inside("web", "shell", "true"), { env: { KUBECONFIG: account.path } });
    assert.deepEqual(found, {
      code: 77,
      words: `error: Cannot use an ephemeral container in pod "${own.name}/web": you are not allowed to\n` +
        `hint: ask for "patch pods/ephemeralcontainers" in namespace "${own.name}": ${role} prints the Role\n`,
    });
  });

  await t.step("a user who may not exec adds none", async () => {
    const before = await ephemeralContainers(own.name, "web");
    await using account = await Kubeconfig.ofAccount(own, "no-exec", [read, patch]);
    const found = await failure(inside("web", "shell", "true"), { env: { KUBECONFIG: account.path } });
    assert.deepEqual(found, {
      code: 77,
      words: `error: Cannot use an ephemeral container in pod "${own.name}/web": you are not allowed to\n` +
        `hint: ask for "get pods/exec" and "create pods/exec" in namespace "${own.name}": ${role} prints the Role\n`,
    });
    assert.equal((await ephemeralContainers(own.name, "web")).length, before.length);
  });

  await t.step("these three rights are all that it takes", async () => {
    await using account = await Kubeconfig.ofAccount(own, "just-so", [read, exec, patch]);
    const { code, stdout, stderr } = await scope(inside("web", "shell", "hostname"), {
      env: { KUBECONFIG: account.path },
    });
    assert.deepEqual([code, stdout], [0, "web\n"], stderr);
  });
});

viaEphemeral("tcpdump in an ephemeral container captures, as root with NET_RAW alone", async () => {
  const [db] = await demoPods("db");
  await using dump = startScope(["-n", "demo", "-p", "db", "shell", "tcpdump", "-i", "any", "-nn", "-c", "2", "icmp"]);
  await dump.until("stderr", /listening on any/);
  const { code, stderr } = await scope(["-n", "demo", "-p", "web", "ping", "-c5", "-i", "0.2", db!.status.podIP!]);
  assert.equal(code, 0, stderr);
  assert.equal(await dump.exit(10), 0);
  assert.match(dump.stdout, /ICMP echo request/);
});
