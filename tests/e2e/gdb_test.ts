import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import type { Pod } from "./kube.ts";
import { demoPods, kubectl, TestNamespace } from "./kube.ts";
import { nodeProcesses, podProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";
import { testedWays } from "./ways.ts";

/** Script that calls functions named in its own libraries, and exits with 7 on SIGUSR1. */
const program = "trap 'exit 7' USR1; while :; do sleep 0.05; done";
/** Script that stays in the same call. */
const still = "sleep 1000; exit 1";
const image = "localhost/dynamic:1";

/** Returns state and tracer of each thread of a process of this machine. */
function threadsOf(pid: number): { state: string; tracer: string }[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) => {
    try {
      const status = Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
      const value = (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
      return [{ state: value("State"), tracer: value("TracerPid") }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function runsFree(pid: number): boolean {
  return threadsOf(pid).every(({ state, tracer }) => /[RSD]/.test(state) && tracer === "0");
}

async function untilFree(pid: number, seconds: number): Promise<void> {
  await until("the target to run on", seconds, () => runsFree(pid), { missing: () => JSON.stringify(threadsOf(pid)) });
}

/** Finds a pod's process by part of its command line; returns its pid on this machine. */
function processOf(pod: Pod, part: string): number {
  const found = podProcesses(pod.metadata.uid).find(({ argv }) => argv.join(" ").includes(part));
  assert.ok(found, `no process of ${pod.metadata.name} has "${part}"`);
  return found.pid;
}

function gdbs() {
  return nodeProcesses().filter(({ argv }) => /(^|\/)gdb$/.test(argv[0] ?? ""));
}

async function untilNoGdb(seconds: number): Promise<void> {
  await until("gdb to end", seconds, () => gdbs().length === 0, { missing: () => JSON.stringify(gdbs()) });
}

/** Returns the pid of the manager that is the parent of a process. */
function managerOf(pid: number): number {
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
  assert.ok(parent > 1, "there is no manager");
  return /\/deno\0/.test(Deno.readTextFileSync(`/proc/${parent}/cmdline`)) ? parent : managerOf(parent);
}

/** Waits for the end of a pod's container, and returns its terminated state. */
async function exitCodeOf(namespace: TestNamespace, name: string): Promise<unknown> {
  const pod = await namespace.untilPod(name, ({ status }) => status.phase === "Succeeded" || status.phase === "Failed");
  return pod.status.containerStatuses?.[0]?.state["terminated"];
}

/** Commands that set a breakpoint in the target's memory, which each turn of its loop hits. */
const breaking = ["break wait_for if 0", "continue", ""].join("\n");

/** Python script that keeps gdb busy for 1.5 s at each hit of the breakpoint, without reacting to signals. */
const busy = `
import time
class Busy(gdb.Breakpoint):
    def stop(self):
        print("busy", flush=True)
        time.sleep(1.5)
        return False
Busy("wait_for")
gdb.execute("continue")
`;

for (const { via } of testedWays) {
  Deno.test(`gdb through ${via}`, async (t) => {
    await using namespace = await TestNamespace.make();
    const commands = await Deno.makeTempFile({ suffix: ".gdb" });
    await Deno.writeTextFile(commands, breaking);
    const make = async (name: string, script = program) => {
      const spec = { restartPolicy: "Never" };
      const containers = [{ name: "main", image, command: ["/bin/bash", "-c", script] }];
      const pod = await namespace.pod(name, { spec: { ...spec, containers } });
      return { pod, pid: processOf(pod, script) };
    };
    const { pod, pid } = await make("app");
    const waiting = await make("waiting", still);
    await until(
      "it to sleep",
      10,
      () => podProcesses(waiting.pod.metadata.uid).some(({ argv }) => argv[0] === "sleep"),
    );
    const to = (name: string) => ["-n", namespace.name, "-p", name, "--via", via];
    const app = to("app");

    await t.step("--backtrace of a target has its own libraries' symbols, and lets go of it", async () => {
      const { code, stdout, stderr } = await scope([...to("waiting"), "-o", "json", "gdb", "--backtrace"]);
      assert.equal(code, 0, stderr);
      const [thread, summary, ...more] = eventsOf(stdout);
      assert.deepEqual([thread?.type, summary?.type, more], ["gdb.thread", "gdb.summary", []]);
      const frames = thread?.frames as { function?: string; library?: string }[];
      const names = frames.map((frame) => frame.function);
      // With the symbols of the endoscope's own C library, the stack would end after a wrong name.
      assert.ok(names.includes("wait4") && names.includes("wait_for") && names.at(-1) === "main", `${names}`);
      assert.equal(frames.find((frame) => frame.function === "wait4")?.library, "/opt/lib/libc.so.6");
      assert.ok(Number(summary?.stoppedMs) < 3000, `${summary?.stoppedMs} ms`);
      assert.ok(runsFree(waiting.pid), JSON.stringify(threadsOf(waiting.pid)));
    });

    await t.step("--backtrace of many threads", async () => {
      const [api] = await demoPods("api");
      const { code, stdout, stderr } = await scope(["-n", "demo", "-p", "api", "--via", via, "gdb", "--backtrace"]);
      assert.equal(code, 0, stderr);
      const server = processOf(api!, "/agnhost"), threads = threadsOf(server).length;
      assert.ok(threads > 2);
      assert.match(stdout, /^Thread \d+ "agnhost":\n#0 {2}0x[0-9a-f]{16} in /m);
      assert.match(stdout, /^\d+ threads; process \d+ stood still for [\d.]+ ms$/m);
      assert.ok(runsFree(server));
    });

    await t.step("--batch runs what it is given, and exit codes pass", async () => {
      const bt = await scope([...to("waiting"), "gdb", "--batch", "--", "-ex", "bt 1", "-ex", "quit 5"]);
      assert.match(bt.stdout, /^#0 .* in wait4 \(\) from .*\/opt\/lib\/libc\.so\.6$/m);
      assert.equal(bt.code, 5, bt.stderr);
      const script = 'printf "one\\n"\nno-such-command\n', file = `${commands}.batch`;
      await Deno.writeTextFile(file, script);
      const wrong = await scope([...app, "gdb", "--batch", "-x", file]);
      assert.deepEqual([wrong.code, /^one$/m.test(wrong.stdout)], [1, true], wrong.stderr);
      assert.match(wrong.stderr, /\.batch:2: Error in sourced command file:\nUndefined command: "no-such-command"/);
      await Deno.remove(file);
      assert.ok(runsFree(pid) && runsFree(waiting.pid));
    });

    await t.step("without a terminal it reads commands from standard input", async () => {
      const stdin = new TextEncoder().encode("print 40 + 2\n");
      const { code, stdout, stderr } = await scope([...app, "gdb"], { stdin });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\$1 = 42$/m);
      assert.ok(runsFree(pid));
    });

    await t.step("a prompt in a terminal: Ctrl-C stops the target, quit lets it go", async () => {
      await using terminal = await Terminal.run([...app, "gdb"]);
      await terminal.until(/^\(gdb\)/m);
      await terminal.type("continue", "Enter");
      await terminal.until(/^Continuing\.$/m);
      await terminal.type("", "C-c");
      await terminal.until(/received signal SIGINT/);
      await terminal.type("with confirm off -- quit", "Enter");
      assert.equal((await terminal.exit()).code, 0);
      await untilFree(pid, 2);
    });

    const running = async () => {
      await until("gdb to run the target", 20, () => {
        const [gdb] = gdbs().filter(({ argv }) => argv.includes("python scope_source()"));
        return gdb !== undefined && threadsOf(pid).every(({ tracer }) => tracer !== "0");
      });
    };

    for (const [signal, seconds] of [["SIGKILL", 5], ["SIGSTOP", 9.5], ["SIGTERM", 5]] as const) {
      await t.step(`${signal} while the target runs into breakpoints: it runs on without them`, async () => {
        await using gdb = startScope([...app, "gdb", "-x", commands]);
        await running();
        await gdb.until("stdout", /^Breakpoint 1 at/m);
        gdb.signal(signal);
        await untilNoGdb(seconds);
        await untilFree(pid, 1);
      });
    }

    await t.step("SIGKILL while the target is stopped", async () => {
      await using gdb = startScope([...app, "gdb", "--batch", "--", "-ex", "shell sleep 1000"]);
      await gdb.until("stdout", /stands still/);
      assert.equal(threadsOf(pid)[0]?.state, "t");
      gdb.signal("SIGKILL");
      await untilNoGdb(5);
      await untilFree(pid, 1);
    });

    await t.step("SIGKILL while gdb itself is stopped", async () => {
      await using gdb = startScope([...app, "gdb", "-x", commands]);
      await running();
      await gdb.until("stdout", /^Breakpoint 1 at/m);
      for (const { pid } of gdbs()) Deno.kill(pid, "SIGSTOP");
      gdb.signal("SIGKILL");
      await untilNoGdb(5);
      await untilFree(pid, 1);
    });

    await t.step("SIGKILL while gdb is busy for 1.5 s at a breakpoint: it gets the time to take it out", async () => {
      const file = `${commands}.py`;
      await Deno.writeTextFile(file, busy);
      await using gdb = startScope([...app, "gdb", "-x", file]);
      await gdb.until("stdout", /^busy$/m);
      gdb.signal("SIGKILL");
      await untilNoGdb(5);
      await Deno.remove(file);
      await untilFree(pid, 1);
      assert.equal(processOf(pod, "trap"), pid);
    });

    await t.step("SIGKILL of a gdb that hears no signal", async () => {
      const deaf = "import signal; [signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())]; signal.pause()";
      await using gdb = startScope([...app, "gdb", "--batch", "--", "-ex", `python ${deaf}`]);
      await gdb.until("stdout", /stands still/);
      gdb.signal("SIGKILL");
      await untilNoGdb(5.5);
      await untilFree(pid, 1);
    });

    await t.step("SIGKILL of the manager", async () => {
      await using gdb = startScope([...app, "gdb", "-x", commands]);
      await running();
      await gdb.until("stdout", /^Breakpoint 1 at/m);
      Deno.kill(managerOf(gdbs()[0]!.pid), "SIGKILL");
      await untilNoGdb(5);
      await untilFree(pid, 1);
      assert.equal(await gdb.exit(), 69);
    });

    await t.step("a process that is traced already is refused, and names the tracer", async () => {
      await using gdb = startScope([...app, "gdb", "--batch", "--", "-ex", "shell sleep 1000"]);
      await gdb.until("stdout", /stands still/);
      for (const how of [["--backtrace"], ["--batch"]]) {
        const { code, stderr } = await scope([...app, "gdb", ...how]);
        assert.equal(code, 77, stderr);
        assert.match(stderr, /^error: Process "\d+" \(.+\) is traced already, by process "\d+" \(.*gdb.*\nhint: .+$/m);
      }
      gdb.signal("SIGTERM");
      await gdb.exit();
      await untilFree(pid, 2);
    });

    await t.step("output to a closed pipe ends it", async () => {
      const line = [...scopeArgv, ...app, "gdb", "--batch", "--", "-ex", "python [print(i) for i in range(100000)]"];
      const script = '"$@" | head -n 1; echo "code=${PIPESTATUS[0]}"';
      const { stdout, stderr } = await outcome("bash", ["-c", script, "bash", ...line], scopeEnv());
      assert.match(stdout, /^code=0$/m, stderr);
      assert.doesNotMatch(stderr, /^error/m);
      await untilNoGdb(5);
      await untilFree(pid, 1);
    });

    await t.step("a process that was stopped before stays so", async () => {
      // Not a process that was detached just now: until that run has completely ended, stopped processes are woken.
      const { pid } = waiting;
      Deno.kill(pid, "SIGSTOP");
      const { code, stderr } = await scope([...to("waiting"), "gdb", "--backtrace"]);
      assert.equal(code, 0, stderr);
      await until("the target to be stopped", 2, () => threadsOf(pid)[0]?.state === "T", {
        missing: () => JSON.stringify(threadsOf(pid)),
      });
      Deno.kill(pid, "SIGCONT");
      await untilFree(pid, 2);
    });

    await t.step("pids and files that are not there", async () => {
      const stranger = await scope([...app, "gdb", "-p", "999999", "--backtrace"]);
      assert.equal(stranger.code, 68, stranger.stderr);
      assert.match(stranger.stderr, /^error: Cannot find process "999999"/m);
      const file = await scope([...app, "gdb", "-x", "/nowhere.gdb"]);
      assert.deepEqual([file.code, file.stderr.split("\n")[0]], [68, 'error: Cannot find the file "/nowhere.gdb"']);
    });

    await t.step("after all that, the target's exit code is its own", async () => {
      assert.equal(processOf(pod, "trap"), pid);
      Deno.kill(pid, "SIGUSR1");
      assert.equal((await exitCodeOf(namespace, "app") as { exitCode: number }).exitCode, 7);
    });

    await t.step("a target that ends while it is traced takes its exit code with it", async () => {
      const { pid } = await make("ending");
      // Otherwise gdb stops at the signal, reaches the end of its input, and detaches before the target ends.
      const file = `${commands}.passing`;
      await Deno.writeTextFile(file, `handle SIGUSR1 nostop noprint pass\n${breaking}`);
      await using gdb = startScope([...to("ending"), "gdb", "-x", file]);
      await gdb.until("stdout", /^Breakpoint 1 at/m);
      await Deno.remove(file);
      await until("the target to be traced", 10, () => threadsOf(pid).every(({ tracer }) => tracer !== "0"));
      Deno.kill(pid, "SIGUSR1");
      // If the target is pid 1 of gdb's own pid namespace, the kernel also kills gdb and the manager.
      assert.equal(await gdb.exit(), via === "node" ? 0 : 69, gdb.stdout + gdb.stderr);
      if (via === "node") assert.match(gdb.stdout, /^\[Inferior 1 \(process \d+\) exited with code 07\]$/m);
      else assert.doesNotMatch(gdb.stdout, /detached\]$/m);
      assert.equal((await exitCodeOf(namespace, "ending") as { exitCode: number }).exitCode, 7);
    });

    await t.step("neither a replaced program nor a library that is a link to /etc/shadow deceives gdb", async () => {
      await make("hostile");
      const inPod = ["-n", namespace.name, "exec", "hostile", "--", "/bin/bash", "-c"];
      await kubectl([...inPod, "ln -f /bin/sleep /bin/bash; ln -sfn /etc/shadow /opt/lib/libc.so.6"]);
      const { code, stdout, stderr } = await scope([...to("hostile"), "gdb", "--backtrace"]);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /root:|not in executable format/);
      assert.doesNotMatch(stdout, / from /, "no library is known where the target's own is not there");
      const batch = await scope([...to("hostile"), "gdb", "--batch", "--", "-ex", "info symbol main"]);
      assert.match(batch.stdout, /^main in section \.text/m, batch.stderr);
      assert.doesNotMatch(batch.stdout + batch.stderr, /root:|not in executable format/);
    });
    await Deno.remove(commands);
  });
}
