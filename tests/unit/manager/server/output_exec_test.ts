import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { Duplex } from "node:stream";
import type { Exec } from "../../../../src/manager/client/pipe_exec.ts";
import type { Run } from "../../../../src/tool.ts";
import { alive, gone, start, startManager, within } from "../manager_process.ts";

/** Execs as the container runtime's: processes of this machine, which end with nothing but their own. */
function localExecs() {
  const pids: number[] = [];
  const exec: Exec = ([program = "", ...args]) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
    pids.push(child.pid!);
    const stream: Duplex = new Duplex({
      read: () => void child.stdout.resume(),
      write: (chunk, _encoding, done) => void child.stdin.write(chunk, () => done()),
      destroy(error, done) {
        child.stdin.destroy();
        child.stdout.destroy();
        done(error);
      },
    });
    child.stdout.on("data", (chunk) => stream.push(chunk) || child.stdout.pause());
    child.stdin.on("error", () => {});
    child.on(
      "close",
      (code) => code === 0 ? stream.push(null) : stream.destroy(new Error(`the exec ended with ${code}`)),
    );
    return Promise.resolve(stream);
  };
  return { exec, pids };
}

/** Prints 20 MB that differ everywhere. */
const bulk = "seq 1 2700000; echo said >&2; exit 7";

async function read(run: Run): Promise<{ sha256: string; stderr: string }> {
  const hash = createHash("sha256"), decoder = new TextDecoder();
  let stderr = "";
  for await (const { stream, bytes } of run.output) {
    if (stream === "stdout") hash.update(bytes);
    else stderr += decoder.decode(bytes);
  }
  return { sha256: hash.digest("hex"), stderr };
}

async function expected(): Promise<string> {
  const { stdout } = await new Deno.Command("seq", { args: ["1", "2700000"] }).output();
  return createHash("sha256").update(stdout).digest("hex");
}

Deno.test("Manager.Run: much output is read by an exec, byte by byte, and stderr and the exit code come with it", async () => {
  await using manager = await startManager();
  await using connection = await manager.connect();
  const { exec, pids } = localExecs();
  const run = start(connection, ["sh", "-c", bulk], {}, undefined, { exec });
  assert.deepEqual(await read(run), { sha256: await expected(), stderr: "said\n" });
  assert.deepEqual(await run.exit, { code: 7 });
  assert.equal(pids.length, 1);
  assert.ok(!alive(pids[0]!), "the exec has ended before the run");
});

Deno.test("Manager.Run: output comes through the manager where it is little, on a terminal, or where no exec can be had", async () => {
  await using manager = await startManager();
  await using connection = await manager.connect();
  const { exec, pids } = localExecs();
  for (const [script, options] of [["seq 1 100000", {}], [bulk, { pty: { columns: 80, rows: 24 } }]] as const) {
    const run = start(connection, ["sh", "-c", script], options, undefined, { exec });
    await read(run);
  }
  assert.deepEqual(pids, []);
  for (
    const refused of [() => Promise.reject(new Error("refused")), () => exec(["false"]), () => exec(["sleep", "60"])]
  ) {
    const run = start(connection, ["sh", "-c", bulk], {}, undefined, { exec: refused });
    assert.equal((await read(run)).sha256, await expected());
    assert.deepEqual(await run.exit, { code: 7 });
  }
  for (const pid of pids.filter(alive)) Deno.kill(pid, "SIGKILL"); // `sleep` notices nothing
});

Deno.test("Manager.Run fails where the exec is lost in the middle, and ends the program", async () => {
  await using manager = await startManager();
  await using connection = await manager.connect();
  const { exec, pids } = localExecs();
  const run = start(connection, ["sh", "-c", "echo $$ >&2; exec yes"], {}, undefined, { exec });
  let program = 0, killed = false;
  const reading = async () => {
    for await (const { stream, bytes } of run.output) {
      if (stream === "stderr") program = parseInt(new TextDecoder().decode(bytes));
      if (killed || pids.length === 0 || Deno.readTextFileSync(`/proc/${pids[0]}/comm`) !== "cat\n") continue;
      Deno.kill(pids[0]!, "SIGKILL");
      killed = true;
    }
  };
  await assert.rejects(within(10, reading()), /the exec ended with null/);
  await assert.rejects(run.exit, /the exec ended/);
  await gone("the program to end", [program], 5);
});

for (const [how, leave] of [["a caller", false], ["a client", true]] as const) {
  Deno.test(`Manager.Run ends the exec with ${how} that leaves, though it waits for its reader`, async () => {
    await using manager = await startManager();
    const connection = await manager.connect();
    const { exec, pids } = localExecs();
    const run = start(connection, ["sh", "-c", "echo $$ >&2; exec yes"], {}, undefined, { exec });
    const output = run.output[Symbol.asyncIterator]();
    let program = 0;
    while (pids.length === 0 || Deno.readTextFileSync(`/proc/${pids[0]}/comm`) !== "cat\n") {
      const { value } = await output.next();
      if (value?.stream === "stderr") program = parseInt(new TextDecoder().decode(value.bytes));
    }
    if (leave) await connection[Symbol.asyncDispose]();
    else await output.return?.();
    await gone("the program and the exec to end", [program, ...pids], 5);
    if (leave) await output.return?.();
    else await connection[Symbol.asyncDispose]();
  });
}
