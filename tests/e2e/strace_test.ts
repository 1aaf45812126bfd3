import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { demoPods, getPod, kubectl, type Pod, type PodOptions, TestNamespace } from "./kube.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, scopeOk, startScope } from "./scope.ts";
import { ticksOf, untilFree, untilNoStrace } from "./traced_state.ts";
import { overWays } from "./ways.ts";

/** Command that makes system calls as fast as it can. */
const busy = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1"];
/** Command that forks as fast as it can, until /tmp/end exists; then it exits with 7. */
const forking = ["sh", "-c", "while [ ! -e /tmp/end ]; do /bin/true & wait $!; done; exit 7"];
/** Command that sends itself a signal again and again, and exits with 9 when one of them does not arrive. */
const signalled = [
  ...["sh", "-c", 'n=0 m=0; trap "n=\\$((n+1))" USR1; while kill -USR1 1; do m=$((m+1)); [ $n = $m ] || exit 9; done'],
];

/** Returns options for a pod with that command, in at most a third of a core: the other tests need the rest. */
function slowed(command: readonly string[]): PodOptions {
  const limited = { name: "main", image: "localhost/busybox:1", command, resources: { limits: { cpu: "300m" } } };
  // A second container without a limit keeps the pod as a whole, and with it scope's container, from being limited.
  const other = { name: "other", image: "localhost/busybox:1", command: ["sleep", "infinity"] };
  return { spec: { restartPolicy: "Never", containers: [limited, other] } };
}

/** Returns the exit code of a slowed pod's main container; undefined while it runs. */
function exitCodeOf({ status }: Pod): number | undefined {
  const main = status.containerStatuses?.find(({ name }) => name === "main");
  return (main?.state["terminated"] as { exitCode?: number } | undefined)?.exitCode;
}

overWays("strace", async (t, way) => {
  await using own = await TestNamespace.make();
  const [dd, sh] = await Promise.all([
    own.pod("busy", slowed(busy)),
    own.pod("forks", slowed(forking)),
  ]);
  const strace = (pod: string, ...args: string[]) => ["-n", own.name, "-p", pod, "strace", ...args];
  /** Waits until the target is no longer traced and uses CPU time again. */
  const runsOn = async (pod: Pod, part: string) => {
    await untilFree(pod, part, 6);
    const before = ticksOf(pod, part);
    await until(`${part} to go on`, 10, () => ticksOf(pod, part) > before);
  };

  await t.step("traces the first process, and with --duration ends with 0", async () => {
    const { code, stdout, stderr } = await scope(strace("busy", "--duration", "1", "--summary"));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^tracing process \d+ \(dd .*\)$/m);
    assert.match(stdout, /^\d\d:\d\d:\d\d\.\d{6} +\d+ read\(0, "\\0", 1\) += 1 <\d\.\d{6}>$/m);
    assert.match(stdout, /^SYSCALL +CALLS +ERRORS +TOTAL\/ms +SHARE +AVG\/ms +MAX\/ms +SLOWEST$/m);
    assert.match(stdout, /^write +\d+ +0 +[\d.]+ +\d+% .* write\(1, "\\0", 1\) = 1$/m);
    await runsOn(dd, "dd");
  });

  await t.step("-o json has a call a line, and -e and -s say of what", async () => {
    const args = strace("busy", "-e", "trace=write", "-e", "signal=none", "-s", "0", "--duration", "1", "-o", "json");
    const events = eventsOf(await scopeOk(...args));
    assert.equal(events[0]?.["type"], "strace.attached");
    const calls = events.filter(({ type }) => type === "strace.call");
    assert.ok(calls.length > 10, `${calls.length} calls`);
    for (const { time, pid, durationMs, ...call } of calls.slice(0, -1)) {
      assert.deepEqual(call, { type: "strace.call", syscall: "write", arguments: '1, ""..., 1', result: "1" });
      assert.match(time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.ok((pid as number) > 0 && (durationMs as number) >= 0);
    }
    await untilFree(dd, "dd", 5);
  });

  await t.step("Ctrl-C under load: 130 within 5 s, and the summary", async () => {
    await using trace = startScope(strace("busy", "--summary"));
    await trace.until("stdout", /read\(/);
    trace.signal("SIGINT");
    assert.equal(await trace.exit(5), 130);
    assert.match(trace.stdout, /^total +\d+ /m);
    await runsOn(dd, "dd");
  });

  await t.step("SIGKILL under load: the target runs on within 6 s", async () => {
    for (let round = 0; round < 3; round++) {
      await using trace = startScope(strace("busy"));
      await trace.until("stdout", /read\(/);
      trace.signal("SIGKILL");
      await runsOn(dd, "dd");
    }
    await untilNoStrace(6);
  });

  await t.step("a reader that stops reading holds the target up only as long as it lives", async () => {
    // The pipe with its output is not read: all buffers fill, and strace waits.
    const child = new Deno.Command("sh", {
      args: ["-c", '"$@" | sleep 30', "sh", ...scopeArgv, ...strace("busy")],
      env: scopeEnv(),
      clearEnv: true,
      stderr: "null",
    }).spawn();
    try {
      await until("strace to wait for its reader", 20, async () => {
        const before = ticksOf(dd, "dd");
        await new Promise((wake) => setTimeout(wake, 500));
        return ticksOf(dd, "dd") === before;
      });
    } finally {
      // The group's shell is sh; its children are scope and sleep.
      const { stdout } = await outcome("ps", ["-o", "pid=", "--ppid", `${child.pid}`]);
      for (const pid of stdout.trim().split(/\s+/)) Deno.kill(Number(pid), "SIGKILL");
      await child.status;
    }
    // strace detaches by itself: the manager would kill it only after four seconds.
    await untilNoStrace(3);
    await runsOn(dd, "dd");
  });

  await t.step("| head -n 1 ends it, with 0", async () => {
    const script = '{ "$@"; echo "code=$?" >&2; } | head -n 1';
    const { stdout, stderr } = await outcome("timeout", [
      ...["30", "sh", "-c", script, "sh", ...scopeArgv, ...strace("busy")],
    ], scopeEnv());
    assert.equal(stdout.trim().split("\n").length, 1);
    assert.match(stderr, /^code=0$/m);
    await runsOn(dd, "dd");
  });

  await t.step("follows what the target starts; --no-follow does not", async () => {
    const pidsOf = async (...args: string[]) => {
      const events = eventsOf(await scopeOk(...strace("forks", "--duration", "1", "-o", "json", ...args)));
      return new Set(events.filter(({ type }) => type === "strace.call").map(({ pid }) => pid));
    };
    assert.ok((await pidsOf()).size > 3);
    assert.equal((await pidsOf("--no-follow")).size, 1);
  });

  await t.step("SIGKILL while the target forks: nothing of it stands still", async () => {
    for (let round = 0; round < 3; round++) {
      await using trace = startScope(strace("forks"));
      await trace.until("stdout", /execve\(/);
      trace.signal("SIGKILL");
      await runsOn(sh, "while");
    }
  });

  await t.step("a bad -e is refused with strace's own words", async () => {
    const { code, stderr } = await scope(strace("busy", "-e", "trace=nosuchcall"));
    assert.equal(code, 64, stderr);
    assert.match(stderr, /^error: strace does not take this: invalid system call "nosuchcall"\nhint: -e takes /m);
    await untilFree(dd, "dd", 5);
  });

  await t.step("another tracer is named", async () => {
    await using trace = startScope(strace("busy", "-c"));
    await trace.until("stderr", /^tracing process/m);
    const { code, stderr } = await scope(strace("busy"));
    assert.equal(code, 77, stderr);
    assert.match(stderr, /^error: Process "\d+" \(dd .*\) is traced already, by process "\d+" \(.*strace.*\)$/m);
    trace.signal("SIGINT");
    assert.equal(await trace.exit(10), 130);
  });

  await t.step("unknown pids, and what is none", async () => {
    const unknown = await scope(strace("busy", "-p", "4000000"));
    // Without privileges there are no pids of the node.
    assert.deepEqual([unknown.code, /^error: .*"4000000"/m.test(unknown.stderr)], [68, true], unknown.stderr);
    const bad = await scope(strace("busy", "-p", "first"));
    assert.equal(bad.code, 64);
    assert.match(bad.stderr, /^error: Option --pid cannot be "first"$/m);
  });

  if (way.nodePids) {
    await t.step("a pid of another pod on the same node is traced, and said", async () => {
      const other = await own.pod("other", { spec: { nodeName: dd.spec.nodeName } });
      const [process] = eventsOf(await scopeOk("-n", own.name, "-p", "other", "-o", "json", "pids"));
      assert.equal(other.spec.nodeName, dd.spec.nodeName);
      const { code, stderr } = await scope(strace("busy", "-p", `${process!["pid"]}`, "--duration", "1"));
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        new RegExp(`^process \\d+ \\(sleep infinity\\) is not of pod "${own.name}/busy"; it is on the same node$`, "m"),
      );
    });
  }

  await t.step("the target ends while it is traced: 0, and its exit code is its own", async () => {
    await using trace = startScope(strace("forks", "-e", "trace=exit_group"));
    await trace.until("stderr", /^tracing process/m);
    await kubectl(["-n", own.name, "exec", "forks", "--", "touch", "/tmp/end"]);
    const code = await trace.exit(20);
    if (way.nodePids) {
      assert.equal(code, 0, trace.stderr);
      assert.match(
        trace.stderr,
        /^process \d+ \(sh -c .*\) exited with 7; after a restart of its container, trace again$/m,
      );
    } else {
      // strace dies with pid 1 of its pid namespace.
      assert.ok([0, 69].includes(code), `${code}: ${trace.stderr}`);
      if (code === 69) assert.match(trace.stderr, /^hint: container "main" of the pod ended, /m);
    }
    assert.equal(exitCodeOf(await own.untilPod("forks", (pod) => exitCodeOf(pod) !== undefined)), 7);
  });
});

overWays("strace of a distroless program with many threads", async (t) => {
  const [api] = await demoPods("api");
  const args = ["-n", "demo", "-p", api!.metadata.name, "strace"];

  await t.step("traces and lets go of all of them", async () => {
    const events = eventsOf(await scopeOk(...args, "--duration", "2", "-o", "json"));
    const attached = events.find(({ type }) => type === "strace.attached");
    assert.ok((attached?.["threads"] as number) > 1);
    assert.ok(events.some(({ type, unfinished }) => type === "strace.call" && unfinished === true));
    await untilFree(api!, "agnhost", 5);
  });

  await t.step("SIGKILL lets go of all of them", async () => {
    await using trace = startScope([...args]);
    await trace.until("stdout", /futex|epoll/);
    trace.signal("SIGKILL");
    await untilFree(api!, "agnhost", 6);
    await untilNoStrace(6);
  });
});

overWays("a tracer that ends takes no signal away from its target", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("signals", slowed(signalled));
  const pod = ["-n", own.name, "-p", "signals"];

  await t.step("scope strace", async () => {
    await using trace = startScope([...pod, "strace", "-e", "trace=none"]);
    await trace.until("stdout", /SIGUSR1/);
    trace.signal("SIGINT");
    assert.equal(await trace.exit(5), 130);
    assert.equal(exitCodeOf(await getPod(own.name, "signals")), undefined);
  });

  await t.step("strace of the image, 40 times", async () => {
    const traces = `for _ in $(seq 40); do
      # The shell ignores SIGINT for what it starts with "&", and so does strace until it has its own handler.
      strace -p 1 -o /dev/null & while sleep 0.1; kill -INT $! 2>/dev/null; do :; done; wait $!
      read -r _ _ state _ </proc/1/stat || exit 9; [ "$state" != Z ] || exit 9
    done`;
    const { code, stderr } = await scope([...pod, "shell", "sh", "-c", traces]);
    assert.equal(code, 0, `the target ended: ${stderr}`);
    assert.equal(exitCodeOf(await getPod(own.name, "signals")), undefined);
  });
});

Deno.test("strace works where policy is restricted, with the target's own user and no capability", async () => {
  const [locked] = await demoPods("locked", "locked");
  const args = ["-n", "locked", "-p", locked!.metadata.name, "--via", "ephemeral", "strace", "--duration", "3"];
  const { code, stdout, stderr } = await scope(args);
  assert.equal(code, 0, stderr);
  assert.match(stdout, / accept\(/);
  await untilFree(locked!, "httpd", 5);
});
