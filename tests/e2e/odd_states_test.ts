import assert from "node:assert/strict";
import { mainThreadLeaves, waitsInTheKernel } from "../cluster/odd_processes.ts";
import { until } from "../cluster/wait.ts";
import { TestNamespace } from "./kube.ts";
import { firstProcesses, podProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeEnv, scopeOk, startScope } from "./scope.ts";
import { overWays } from "./ways.ts";

/** Returns a file of /proc/PID of the pid 1 that waits in the kernel; empty while there is none. */
const waiting = (uid: string, file: "stack" | "status") => {
  const first = new Set(firstProcesses(uid));
  // The child of a vfork(2) has the same command line.
  const found = podProcesses(uid).find(({ pid, argv }) => first.has(pid) && argv.join(" ").includes("posix_spawn"));
  return found === undefined ? "" : Deno.readTextFileSync(`/proc/${found.pid}/${file}`);
};

overWays("processes in states that are seldom met", async (t, { via }) => {
  await using own = await TestNamespace.make();
  const image = scopeEnv()["SCOPE_IMAGE"]!;
  const deno = (name: string, program: string) => ({ name, image, command: ["deno", "eval", program] });
  const { metadata: { uid } } = await own.pod("odd", {
    spec: {
      containers: [
        deno("left", mainThreadLeaves),
        deno("waits", waitsInTheKernel("/tmp/fifo")),
        { name: "parent", image: "localhost/busybox:1", command: ["sh", "-c", "(exit 3) & exec sleep infinity"] },
      ],
    },
  });
  const at = (container: string, ...args: string[]) => [
    ...["-n", own.name, "--debug-namespace", "demo", "-p", "odd", "--container", container, ...args],
  ];
  const processes = async (container: string) =>
    eventsOf(await scopeOk(...at(container, "-o", "json", "pids"))).filter((one) => one["container"] === container);
  await until("both to be in their states", 30, () => {
    return waiting(uid, "stack").includes("kernel_clone") &&
      !podProcesses(uid).some(({ argv }) => argv.includes(mainThreadLeaves));
  });

  await t.step("a process whose main thread has left runs on", async () => {
    const [left] = await processes("left");
    assert.deepEqual([left!["state"], left!["containerPid"]], ["S", 1]);
    assert.match(String(left!["command"]), /^deno eval/);
    assert.ok(Number(left!["residentBytes"]) > 1e6 && Number(left!["thread"]) > 0, JSON.stringify(left));
    assert.match(await scopeOk(...at("left", "fs", "cat", "/etc/os-release")), /^ID=debian$/m);
    assert.equal(await scopeOk(...at("left", "shell", "hostname")), "odd\n");
    const inside = await scope(at("left", "shell", "--inside", "echo", "inside"));
    if (via === "node") assert.deepEqual([inside.code, inside.stdout], [0, "inside\n"], inside.stderr);
    else {
      // runc considers such a container stopped; `kubectl exec` fails likewise.
      assert.equal(inside.code, 69);
      assert.match(inside.stderr, /^error: The container runtime lets nothing into .*\nhint: .*; or use --via node$/m);
    }
    const traced = await scope(at("left", "strace", "--duration", "1"));
    assert.equal(traced.code, 0, traced.stderr);
    assert.match(traced.stderr, /^tracing process \d+ \(deno eval/m);
    assert.match(traced.stdout, / futex\(|epoll_wait\(|restart_syscall\(/);
    const { code, stderr } = await scope(at("left", "gdb", "--backtrace"));
    assert.equal(code, 69);
    assert.match(stderr, /^error: Cannot debug process "\d+" \(deno eval.*\): its main thread has left\nhint: /ms);
  });

  await t.step("a zombie is listed", async () => {
    const seen = (await processes("parent")).map(({ state, command }) => [state, command]);
    assert.deepEqual(seen, [["S", "sleep infinity"], ["Z", "[sh]"]]);
  });

  await t.step("a process in state D: pids, strace and gdb say so, and in which kernel function", async () => {
    assert.match(await scopeOk(...at("waits", "pids")), /^waits .* D kernel_clone /m);
    const traced = await scope(at("waits", "strace", "--no-follow", "--duration", "3"));
    assert.equal(traced.code, 75, traced.stderr);
    const where = "waits in the kernel, in kernel_clone \\(state D\\)";
    assert.match(traced.stderr, new RegExp(`^process \\d+ \\(deno eval.*\\) ${where}: its calls`, "ms"));
    assert.match(
      traced.stderr,
      new RegExp(`^error: Process "\\d+" .* made no call: it ${where}\nhint: no signal`, "ms"),
    );
    await until("strace to be ended", 8, () => /^TracerPid:\s*0$/m.test(waiting(uid, "status")));
    const debugged = await scope(at("waits", "gdb", "--backtrace"));
    assert.equal(debugged.code, 69, debugged.stderr);
    assert.match(
      debugged.stderr,
      new RegExp(`^error: Cannot stop process "\\d+" .*: it ${where}\nhint: no signal`, "ms"),
    );
    assert.ok(debugged.seconds < 15, `${debugged.seconds} s`);
  });

  await t.step("it is traced as soon as it goes on, and stands still nowhere", async () => {
    await using trace = startScope(at("waits", "strace", "--no-follow"));
    await trace.until("stderr", /its calls show when it goes on$/m);
    await scopeOk(...at("waits", "shell", "--inside", "sh", "-c", ": > /tmp/fifo"));
    await trace.until("stdout", /epoll_wait|wait4/);
    trace.signal("SIGINT");
    assert.equal(await trace.exit(), 130);
    await until(`it to run on, by ${via}`, 5, () => /^State:\s*S/m.test(waiting(uid, "status")));
  });
});
