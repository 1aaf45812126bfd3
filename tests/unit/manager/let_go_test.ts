import assert from "node:assert/strict";
import { Traced } from "../../../src/manager/let_go.ts";
import { statOf } from "../../../src/manager/processes.ts";
import { until } from "../../cluster/wait.ts";
import { kill, start, startManager, within } from "./manager_process.ts";

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

Deno.test("Traced.release() wakes what was left stopped", async () => {
  await using target = sleeper();
  await isIn(target.pid, "S");
  const traced = new Traced(target.pid);
  kill(target.pid, "SIGSTOP");
  await isIn(target.pid, "T");
  traced.release();
  await isIn(target.pid, "S");
});

Deno.test("Traced.release() leaves stopped what was stopped before", async () => {
  await using target = sleeper();
  kill(target.pid, "SIGSTOP");
  await isIn(target.pid, "T");
  new Traced(target.pid).release();
  assert.equal(statOf(target.pid)?.state, "T");
});

Deno.test("Traced copes with a process that is gone", async () => {
  const target = sleeper(), traced = new Traced(target.pid);
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
