import assert from "node:assert/strict";
import { debugPods, TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import type { ScopeProcess } from "./scope.ts";
import { scope, scopeOk, startScope, through } from "./scope.ts";

/** Command lines that need an answer from the manager, at least one for each of its calls. */
const asking: readonly (readonly string[])[] = [
  ["pids"],
  ["ping", "-c0", "127.0.0.1"],
  ["hping", "-c", "1", "127.0.0.1"],
  ["strace"],
  ["gdb", "--backtrace"],
  ["gdb", "--batch", "--", "-ex", "quit"],
  ["shell", "cat"],
  ["shell", "--inside", "cat"],
  ["fs", "ls"],
  ["fs", "cat", "/etc/hostname"],
  ["fs", "find", "1"],
  ["cp", ":/etc/hostname", "-"],
  ["cp", "/etc/hosts", ":/tmp/hosts"],
  ["redir", "8080"],
  ["bypass", "istio"],
  ["bypass", "istio", "--", "cat"],
  ["manage", "--foreground"],
];
/** Command lines that only use the cluster, and must succeed. */
const others: readonly (readonly string[])[] = [["list"], ["doctor"], ["logs", "--no-follow"], ["copy"]];

/** Started processes; disposing kills those that still run. */
class Started implements AsyncDisposable {
  constructor(readonly all: readonly ScopeProcess[]) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((one) => one[Symbol.asyncDispose]()));
  }
}

Deno.test("a manager that is stopped keeps no command", () =>
  through("node", async () => {
    await using own = await TestNamespace.make();
    await own.pod("target");
    const target = ["-n", own.name, "-p", "target"];
    await scopeOk(...target, "launch");
    const [debugPod] = await debugPods(own.name), { uid, name } = debugPod!.metadata, node = debugPod!.spec.nodeName!;
    const manager = podProcesses(uid).find(({ argv }) => argv[0]?.endsWith("/deno"))!.pid;
    const launch = [...target, "launch"], onNode = ["-n", own.name, "node", node, "cat"];
    const silent = [...asking.map((words) => [...target, ...words]), launch, onNode];
    await using before = startScope([...target, "ping", "-c0", "127.0.0.1"]);
    await before.until("stdout", /seq=1 /);
    Deno.kill(manager, "SIGSTOP");
    try {
      await using patient = startScope([...target, "pids"]);
      {
        const limit = ["--timeout", "10"];
        await using started = new Started(
          [...silent, ...others.map((words) => [...target, ...words])].map((args) => startScope([...limit, ...args])),
        );
        await Promise.all(started.all.map(async (process, index) => {
          const code = await process.exit(60);
          if (index >= silent.length) return assert.equal(code, 0, process.stderr);
          assert.equal(code, 69, `${silent[index]}: ${process.stderr}`);
          const error =
            `error: The manager in debug pod "${own.name}/${name}" on node "${node}" did not answer within 10 s`;
          assert.ok(process.stderr.includes(`${error}\nhint: it may be stopped`), process.stderr);
        }));
      }
      await interrupted(silent);
      assert.equal(await patient.exit(), 69);
      assert.match(patient.stderr, /did not answer within 15 s$/m);
      assert.equal(await before.exit(), 69);
      assert.match(before.stderr, /^error: Lost the connection to the manager in .*\nhint: .*not answered for 15 s$/m);
      const cleanup = await scope(["-n", own.name, "cleanup", "-p", "all"]);
      assert.equal(cleanup.code, 0, cleanup.stderr);
      assert.deepEqual(await debugPods(own.name), []);
    } finally {
      try {
        Deno.kill(manager, "SIGCONT");
      } catch {
        // Removed with its debug pod.
      }
    }
  }));

/** Checks that the first signal ends each command line, whatever it waits for. */
async function interrupted(silent: readonly (readonly string[])[]): Promise<void> {
  const signals = { SIGINT: 130, SIGTERM: 143 } as const, names = ["SIGINT", "SIGTERM"] as const;
  await using started = new Started(silent.map((args) => startScope(["-v", ...args])));
  // From here on they wait for the manager, and would give up after 15 s. Two of them print other messages.
  const connected = (args: readonly string[]) =>
    /manage|launch/.test(args.join()) ? /^using the API/m : /^(beside|on node) /m;
  await Promise.all(started.all.map((process, index) => process.until("stderr", connected(silent[index]!), 40)));
  await Promise.all(started.all.map(async (process, index) => {
    const name = names[index % 2]!;
    process.signal(name);
    assert.equal(await process.exit(8), signals[name], `${silent[index]}, ${name}: ${process.stderr}`);
  }));
}
