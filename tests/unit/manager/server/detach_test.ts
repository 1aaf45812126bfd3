import assert from "node:assert/strict";
import { blockedThread } from "../../../../src/manager/server/blocked.ts";
import { Tracee } from "../../../../src/manager/server/detach.ts";
import { statOf } from "../../../../src/manager/server/processes.ts";
import { mountedHierarchies } from "../../../cluster/cgroups.ts";
import { waitsInTheKernel } from "../../../cluster/odd_processes.ts";
import { until } from "../../../cluster/wait.ts";
import { which } from "../../../programs/which.ts";
import { kill, start, startManager, within } from "../manager_process.ts";

/** A process that sleeps. Disposing ends it. */
function sleeper() {
  const child = new Deno.Command("sleep", { args: ["1000"], stdin: "null" }).spawn();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGKILL");
      await child.status;
    },
  };
}

async function isIn(pid: number, state: string): Promise<void> {
  await until(`process ${pid} to be in state ${state}`, 5, () => statOf(pid)?.state === state, {
    missing: () => `${statOf(pid)?.state}`,
  });
}

Deno.test("Tracee.release() wakes what was left stopped", async () => {
  await using target = sleeper();
  await isIn(target.pid, "S");
  const traced = new Tracee(target.pid);
  kill(target.pid, "SIGSTOP");
  await isIn(target.pid, "T");
  traced.release();
  await isIn(target.pid, "S");
});

Deno.test("Tracee.release() takes back the SIGSTOP of a tracer that ended while its target waited in the kernel", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "scope-test-" }), fifo = `${directory}/fifo`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", waitsInTheKernel(fifo)], stdin: "null" }).spawn();
  try {
    // Before that, it may wait for the disk.
    await until(
      "it to wait for its child",
      10,
      () => blockedThread(child.pid)?.functions.includes("kernel_clone") === true,
    );
    assert.equal(blockedThread(child.pid)?.frozen, false);
    const traced = new Tracee(child.pid);
    kill(child.pid, "SIGSTOP");
    assert.equal(statOf(child.pid)?.state, "D");
    traced.release();
    Deno.writeTextFileSync(fifo, "");
    await isIn(child.pid, "S");
  } finally {
    kill(child.pid, "SIGKILL");
    await child.status;
    Deno.removeSync(directory, { recursive: true });
  }
});

const withoutStrace = which("strace") === undefined;

Deno.test("Tracee.release() wakes the other processes that the tracer held", { ignore: withoutStrace }, async () => {
  await using target = sleeper();
  await using child = sleeper();
  const pids = [target.pid, child.pid];
  const strace = new Deno.Command("strace", {
    args: [...["-qq", "-o", "/dev/null"], ...pids.flatMap((pid) => ["-p", String(pid)])],
    ...{ stdin: "null", stderr: "null" } as const,
  }).spawn();
  const tracee = new Tracee(target.pid);
  const isTraced = (pid: number) => !/^TracerPid:\s*0$/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  await until("both to be traced", 10, () => pids.every(isTraced));
  assert.equal(tracee.isHeldBy([strace.pid]), true);
  kill(strace.pid, "SIGKILL");
  await strace.status;
  for (const pid of pids) kill(pid, "SIGSTOP");
  for (const pid of pids) await isIn(pid, "T");
  tracee.release();
  for (const pid of pids) await isIn(pid, "S");
});

Deno.test("Tracee.release() leaves stopped what was stopped before", async () => {
  await using target = sleeper();
  kill(target.pid, "SIGSTOP");
  await isIn(target.pid, "T");
  new Tracee(target.pid).release();
  assert.equal(statOf(target.pid)?.state, "T");
});

Deno.test("blockedThread() tells a process whose control group is frozen (needs root)", async () => {
  const freezers = mountedHierarchies().filter(({ controllers }) =>
    controllers?.split(",").includes("freezer") ?? true
  );
  for (const { path, controllers } of freezers) {
    await using target = sleeper();
    await isIn(target.pid, "S");
    assert.equal(blockedThread(target.pid), undefined);
    const group = `${path}/scope-unit-${crypto.randomUUID()}`,
      [file, freeze, thaw] = controllers === undefined
        ? ["cgroup.freeze", "1", "0"] as const
        : ["freezer.state", "FROZEN", "THAWED"] as const;
    Deno.mkdirSync(group);
    Deno.writeTextFileSync(`${group}/cgroup.procs`, String(target.pid));
    Deno.writeTextFileSync(`${group}/${file}`, freeze);
    try {
      await until(`it to be frozen by ${file}`, 5, () => blockedThread(target.pid)?.frozen === true);
    } finally {
      Deno.writeTextFileSync(`${group}/${file}`, thaw);
      Deno.writeTextFileSync(`${path}/cgroup.procs`, String(target.pid));
      Deno.removeSync(group);
    }
  }
});

Deno.test("Tracee copes with a process that is gone", async () => {
  const target = sleeper(), traced = new Tracee(target.pid);
  await target[Symbol.asyncDispose]();
  assert.equal(traced.isHeldBy([Deno.pid]), false);
  traced.release();
});

Deno.test("Manager.Run with traces wakes that process at its end, however it ends", async () => {
  await using manager = await startManager();
  for (const ending of ["by itself", "by a signal", "with the connection"] as const) {
    await using target = sleeper();
    await isIn(target.pid, "S");
    await using connection = await manager.connect();
    const script = `kill -STOP ${target.pid}; ${ending === "by itself" ? "exit 3" : "sleep 1000"}`;
    const run = start(connection, ["sh", "-c", script], { traces: target.pid });
    const read = (async () => {
      for await (const _ of run.output);
      return await run.exit;
    })();
    read.catch(() => {});
    if (ending !== "by itself") await isIn(target.pid, "T");
    if (ending === "by a signal") run.signal("SIGTERM");
    if (ending === "with the connection") await connection[Symbol.asyncDispose]();
    else assert.equal((await within(10, read)).code, ending === "by itself" ? 3 : 143);
    await isIn(target.pid, "S");
  }
});
