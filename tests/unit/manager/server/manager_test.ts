import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect } from "../../../../src/manager/client/connection.ts";
import type { Unanswered } from "../../../../src/manager/client/connection.ts";
import { effectiveCapabilities } from "../../../../src/manager/server/processes.ts";
import { version } from "../../../../src/version.ts";
import { until } from "../../../cluster/wait.ts";
import {
  alive,
  denoArgv,
  denoRun,
  gone,
  kill,
  openSocket,
  outcome,
  reader,
  start,
  startManager,
  within,
} from "../manager_process.ts";

const encoder = new TextEncoder();

/** Manager shared by the tests that do not end it. */
const shared = await startManager();
addEventListener("unload", () => {
  kill(shared.child.pid, "SIGTERM");
  Deno.removeSync(shared.directory, { recursive: true });
});

function sh(script: string, ...args: string[]): string[] {
  return ["sh", "-c", script, "sh", ...args];
}

Deno.test("The manager's socket is its owner's alone, and there is no other", () => {
  assert.equal(Deno.statSync(shared.socket).mode! & 0o777, 0o600);
  assert.equal(Deno.statSync(`${shared.directory}/run`).mode! & 0o777, 0o700);
  const sockets = [...Deno.readDirSync(`/proc/${shared.child.pid}/fd`)].flatMap(({ name }) => {
    try {
      return /socket:\[(\d+)\]/.exec(Deno.readLinkSync(`/proc/${shared.child.pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  assert.ok(sockets.length > 0);
  const tcp = ["tcp", "tcp6", "udp", "udp6"].map((table) => Deno.readTextFileSync(`/proc/net/${table}`)).join("");
  assert.deepEqual(sockets.filter((inode) => new RegExp(`\\s${inode}\\s`).test(tcp)), []);
});

Deno.test("Manager.Shutdown ends the manager, but not under another client", async () => {
  await using manager = await startManager();
  await using first = await manager.connect();
  {
    await using second = await manager.connect();
    await second.calls.info({});
    assert.equal((await first.calls.shutdown({})).ending, false);
    assert.equal((await second.calls.info({})).clients, 2);
  }
  await until("the other client to be forgotten", 5, async () => (await first.calls.info({})).clients === 1);
  assert.equal((await first.calls.shutdown({})).ending, true);
  assert.equal((await within(5, manager.child.status)).code, 0);
});

Deno.test("Manager.Info tells what it is and who uses it", async () => {
  await using first = await shared.connect();
  await using second = await shared.connect();
  await second.calls.info({});
  const running = start(second, ["sleep", "60"]), ending = outcome(running);
  await until("the program to run", 5, async () => (await first.calls.info({})).runs === 1);
  const { $typeName: _type, ...info } = await first.calls.info({});
  assert.deepEqual(info, {
    version,
    capabilities: effectiveCapabilities(),
    pid: shared.child.pid,
    clients: 2,
    runs: 1,
    idleSeconds: 600,
  });
  running.signal("SIGTERM");
  await ending;
  await until("the program to be forgotten", 5, async () => (await first.calls.info({})).runs === 0);
  await second[Symbol.asyncDispose]();
  await until("the client to be forgotten", 5, async () => (await first.calls.info({})).clients === 1);
});

Deno.test("A client that waits is none until its first call", async () => {
  await using manager = await startManager();
  const stream = await openSocket(manager.socket);
  await using waiting = connect(stream);
  await waiting.wait();
  await using other = await manager.connect();
  assert.equal((await other.calls.info({})).clients, 1);
  // Longer than a client may be silent that does not wait.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  assert.equal(connect(stream), waiting);
  assert.equal(await waiting.resume(1000), true);
  assert.deepEqual(await outcome(start(waiting, ["echo", "works"])).then(({ stdout }) => stdout), "works\n");
  assert.equal((await other.calls.info({})).clients, 2);
});

Deno.test("A client that waits keeps no manager alive, and notices that it has ended", async () => {
  await using manager = await startManager({ idle: 1 });
  await using waiting = await manager.connect();
  await waiting.wait();
  assert.equal((await within(10, manager.child.status)).code, 0);
  assert.equal(await waiting.resume(1000), false);
});

Deno.test("connect() can be disposed before the connection is up", async () => {
  for (let i = 0; i < 10; i++) {
    await using connection = await shared.connect();
    assert.equal(connection.lost.aborted, false);
  }
  const socket = await openSocket(shared.socket), connection = connect(socket);
  socket.destroy();
  await assert.rejects(connection.calls.info({}));
  await connection[Symbol.asyncDispose]();
  assert.ok(connection.lost.aborted);
});

Deno.test("Every call ends with a connection whose manager is stopped, as does the wait for its first answer", async () => {
  await using manager = await startManager();
  kill(manager.child.pid, "SIGSTOP");
  try {
    await using first = connect(await openSocket(manager.socket), 1000);
    const asked: Promise<unknown>[] = [first.calls.ps({}), first.calls.info({}), outcome(start(first, ["true"]))];
    const ended = asked.map((call) => assert.rejects(within(5, call), /the manager has not answered for 1 s/));
    await Promise.all(ended);
    const { ever, silentMs } = first.lost.reason as Unanswered;
    assert.deepEqual([ever, silentMs], [false, 1000]);
  } finally {
    kill(manager.child.pid, "SIGCONT");
  }
});

Deno.test("The manager and all that it runs are the first to go when memory runs out", async () => {
  await using connection = await shared.connect();
  assert.equal(Deno.readTextFileSync(`/proc/${shared.child.pid}/oom_score_adj`), "1000\n");
  assert.equal((await outcome(start(connection, ["cat", "/proc/self/oom_score_adj"]))).stdout, "1000\n");
});

Deno.test("Manager.Run keeps stdout and stderr apart and passes the exit code on", async () => {
  await using connection = await shared.connect();
  assert.deepEqual(await outcome(start(connection, sh("echo out; echo err >&2; exit 7"))), {
    stdout: "out\n",
    stderr: "err\n",
    exit: { code: 7 },
  });
});

Deno.test("Manager.Run passes arguments and variables on as they are", async () => {
  await using connection = await shared.connect();
  const argv = ["printf", "<%s>", "two words", "", "*", "$HOME", "ä\n"];
  assert.equal((await outcome(start(connection, argv))).stdout, "<two words><><*><$HOME><ä\n>");
  const run = start(connection, sh('echo "$ODD|$SCOPE_TARGET"'), { env: { ODD: "a=b c" } });
  assert.equal((await outcome(run)).stdout, "a=b c|shop/web:app\n");
});

Deno.test("Manager.Run passes the signal on that ended a program", async () => {
  await using connection = await shared.connect();
  assert.deepEqual((await outcome(start(connection, sh("kill -TERM $$")))).exit, { code: 143, signal: "SIGTERM" });
});

Deno.test("Manager.Run says that there is no such program", async () => {
  await using connection = await shared.connect();
  for (const options of [{}, { pty: { columns: 80, rows: 24 } }]) {
    const run = start(connection, ["no-such-program"], options);
    if ("pty" in options) assert.equal((await outcome(run)).exit.code, 127);
    else {
      await assert.rejects(outcome(run), (error) => {
        assert.ok(error instanceof ConnectError);
        assert.deepEqual([error.code, error.rawMessage], [
          Code.NotFound,
          'there is no program "no-such-program" in the image',
        ]);
        return true;
      });
    }
  }
});

Deno.test("Manager.Run sends signals to the whole group", async () => {
  await using connection = await shared.connect();
  const child = 'trap "echo child; exit" TERM; echo ready; while :; do sleep 0.05; done';
  const run = start(connection, sh('sh -c "$1" & trap "wait; exit 3" TERM; wait', child)), output = reader(run);
  await output.has(/ready\n/);
  run.signal("SIGTERM");
  assert.match(await output.rest(), /child/);
  assert.deepEqual(await run.exit, { code: 3 });
});

Deno.test("Manager.Control reaches a program past the input that it does not read", async () => {
  await using connection = await shared.connect();
  const run = start(connection, ["sleep", "60"]), all = outcome(run);
  for (let i = 0; i < 256; i++) void run.write(new Uint8Array(64 * 1024)); // 16 MB: more than all flow-control windows hold
  run.signal("SIGTERM");
  assert.deepEqual((await all).exit, { code: 143, signal: "SIGTERM" });
});

Deno.test("Manager.Run ends standard input where the client ends it", async () => {
  await using connection = await shared.connect();
  const run = start(connection, sh("cat; echo end")), all = outcome(run);
  await run.write(encoder.encode("some"));
  run.endInput();
  assert.equal((await all).stdout, "someend\n");
});

Deno.test("Manager.Run goes on where a program does not read its input", async () => {
  await using connection = await shared.connect();
  const run = start(connection, sh("exec <&-; echo done")), all = outcome(run);
  void run.write(new Uint8Array(1 << 20));
  run.endInput();
  assert.deepEqual(await all, { stdout: "done\n", stderr: "", exit: { code: 0 } });
});

Deno.test("Manager.Run carries 20 MB in each direction, byte by byte", async () => {
  await using connection = await shared.connect();
  const run = start(connection, ["cat"]);
  const sent = createHash("sha256"), received = createHash("sha256");
  const send = async () => {
    for (let i = 0; i < 320; i++) {
      const chunk = crypto.getRandomValues(new Uint8Array(64 * 1024));
      sent.update(chunk);
      await run.write(chunk);
    }
    run.endInput();
  };
  const sending = send();
  let bytes = 0;
  for await (const part of run.output) {
    received.update(part.bytes);
    bytes += part.bytes.length;
  }
  await sending;
  assert.deepEqual(await run.exit, { code: 0 });
  assert.equal(bytes, 20 * 1024 * 1024);
  assert.equal(received.digest("hex"), sent.digest("hex"));
});

Deno.test("Manager.Run makes a program wait for a client that does not read", async () => {
  await using connection = await shared.connect();
  const run = start(connection, sh("echo $$; exec cat /dev/zero"));
  const output = run.output[Symbol.asyncIterator]();
  const pid = parseInt(new TextDecoder().decode((await output.next()).value?.bytes));
  const written = () => Number(/^wchar: (\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1]);
  let last = -1;
  await until("the program to stand still", 10, () => {
    const now = written(), still = now === last;
    last = now;
    return still;
  }, { every: 300 });
  assert.ok(last < 64 * 1024 * 1024, `${last} bytes were taken`);
});

for (
  const [how, script] of [
    ["in the background", "sleep 600 & echo $!"],
    ["in a session of its own", 'setsid sh -c "echo \\$\\$; exec sleep 600" & sleep 0.3'],
    ["that ignores signals", 'sh -c "trap \\"\\" TERM HUP INT; echo \\$\\$; while :; do sleep 0.1; done" & sleep 0.3'],
    ["in an environment of its own", 'env -i /bin/sh -c "echo \\$\\$; exec sleep 600" & sleep 0.3'],
  ] as const
) {
  Deno.test(`Manager.Run ends what a program left ${how}`, async () => {
    await using connection = await shared.connect();
    const { stdout, exit } = await within(10, outcome(start(connection, sh(`${script} >&1; exit 5`))));
    const pid = parseInt(stdout);
    assert.deepEqual([exit, pid > 0], [{ code: 5 }, true]);
    await gone("what was left to end", [pid], 5);
  });
}

const pty = { columns: 100, rows: 30 };

Deno.test("Manager.Run gives a terminal of the size that was asked for, and its changes", async () => {
  await using connection = await shared.connect();
  const run = start(
    connection,
    sh('trap "stty size; exit 9" WINCH; tty; stty size; echo err >&2; while :; do sleep 0.05; done'),
    {
      pty,
    },
  );
  const output = reader(run);
  await output.has(/^\/dev\/pts\/\d+\r\n30 100\r\nerr\r\n/);
  run.resize({ columns: 132, rows: 50 });
  await output.has(/\n50 132\r\n$/);
  await output.rest();
  assert.deepEqual(await run.exit, { code: 9 });
});

Deno.test("Manager.Run passes Ctrl-C of a terminal to what runs in its foreground", async () => {
  await using connection = await shared.connect();
  const run = start(connection, ["bash", "--norc", "-i"], { pty, env: { PS1: "> ", TERM: "dumb" } });
  const output = reader(run);
  await output.has(/> $/);
  // The job itself prints the line once it is in the foreground: output of the shell would come before.
  await run.write(encoder.encode(`sh -c "echo s'tarte'd; exec sleep 600"\r`));
  await output.has(/\nstarted\r\n/);
  await run.write(encoder.encode("\x03"));
  await output.has(/started\r\n\^C[^>]*> $/);
  await run.write(encoder.encode("echo code=$?; exit 4\r"));
  await output.has(/\ncode=130\r\n/);
  await output.rest();
  assert.deepEqual(await run.exit, { code: 4 });
});

Deno.test("Manager.Run delivers everything that a program printed to its terminal before it ended", async () => {
  await using connection = await shared.connect();
  const { stdout, exit } = await outcome(start(connection, sh("seq 100000; exit 2"), { pty }));
  assert.equal(stdout, Array.from({ length: 100_000 }, (_, i) => `${i + 1}\r\n`).join(""));
  assert.deepEqual(exit, { code: 2 });
});

Deno.test("Manager.Run ends what runs behind a terminal when it is left in the background", async () => {
  await using connection = await shared.connect();
  const { stdout } = await within(
    10,
    outcome(start(connection, sh("nohup sleep 600 >/dev/null 2>&1 & echo pid=$!"), { pty })),
  );
  await gone("the background process to end", [Number(/pid=(\d+)/.exec(stdout)?.[1])], 5);
});

/** Runs two processes over a new connection, one in its own session, and returns their pids. */
const twoProcesses = sh('setsid sleep 600 & echo "$$ $!"; sleep 600');

Deno.test("What a client started is gone within 5 s after its connection broke", async () => {
  const socket = await openSocket(shared.socket);
  const connection = connect(socket);
  const run = start(connection, twoProcesses), output = reader(run);
  const [, ...pids] = (await output.has(/(\d+) (\d+)\n/)).map(Number);
  assert.ok(pids.every(alive));
  socket.destroy();
  await gone("the processes of the client to end", pids, 5);
  await assert.rejects(output.rest());
  await assert.rejects(run.exit);
});

Deno.test("What a client started ends with the call, and the connection stays", async () => {
  await using connection = await shared.connect();
  const run = start(connection, twoProcesses);
  const pids: number[] = [];
  for await (const { bytes } of run.output) {
    pids.push(...new TextDecoder().decode(bytes).trim().split(" ").map(Number));
    break;
  }
  await gone("the processes of the call to end", pids, 5);
  assert.equal((await connection.calls.info({})).version, version);
});

Deno.test("What a frozen client started is gone within 9 s, and not what a silent one did that beats", async () => {
  await using quiet = await shared.connect();
  const kept = start(quiet, sh("echo $$; sleep 600")), output = reader(kept);
  const [, ...keptPids] = (await output.has(/(\d+)\n/)).map(Number);
  const program = new URL("../client_program.ts", import.meta.url).pathname;
  const client = denoRun(program, [shared.socket, ...twoProcesses]).spawn();
  const lines = client.stdout.getReader();
  try {
    const { value } = await within(20, lines.read());
    const pids = new TextDecoder().decode(value).trim().split(" ").map(Number);
    assert.equal(pids.length, 2);
    kill(client.pid, "SIGSTOP");
    await gone("the processes of the frozen client to end", pids, 9);
    assert.ok(keptPids.every(alive), "the other client's run on");
  } finally {
    kill(client.pid, "SIGKILL");
    await client.status;
    await lines.cancel();
  }
  kept.signal("SIGTERM");
  await output.rest();
});

Deno.test("The manager ends when it had no client for its idle time, and takes its socket along", async () => {
  await using manager = await startManager({ idle: 1 });
  const connection = await manager.connect();
  await connection.calls.info({});
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.ok(alive(manager.child.pid), "a client is there");
  await connection[Symbol.asyncDispose]();
  assert.equal((await within(5, manager.child.status)).code, 0);
  assert.throws(() => Deno.statSync(manager.socket), Deno.errors.NotFound);
});

Deno.test("The manager ends in order when it is asked to, with all that it runs", async () => {
  await using manager = await startManager();
  await using connection = await manager.connect();
  const output = reader(start(connection, twoProcesses));
  const [, ...pids] = (await output.has(/(\d+) (\d+)\n/)).map(Number);
  kill(manager.child.pid, "SIGTERM");
  assert.equal((await within(5, manager.child.status)).code, 0);
  await gone("the processes of the manager to end", pids, 1);
  await assert.rejects(output.rest());
  await until("the client to notice", 5, () => connection.lost.aborted);
});

Deno.test("The manager ends without GOAWAY, which may crash a client of Deno", async () => {
  await using manager = await startManager();
  const socket = await openSocket(manager.socket), pieces: Uint8Array[] = [];
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (bytes: Uint8Array) => pieces.push(bytes)).on("error", () => {});
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0])); // SETTINGS
  const frames = () => frameTypes(Buffer.concat(pieces));
  await until("the answers to SETTINGS", 5, () => frames().filter((type) => type === 4).length === 2);
  kill(manager.child.pid, "SIGTERM");
  await within(5, closed);
  assert.deepEqual(frames().filter((type) => type === 7), []);
});

/** Returns the types of the HTTP/2 frames in these bytes (RFC 9113, section 4.1). */
function frameTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3]!);
  return types;
}

Deno.test("The manager takes the place of one that died and left its socket", async () => {
  await using manager = await startManager();
  kill(manager.child.pid, "SIGKILL");
  await manager.child.status;
  assert.ok(Deno.statSync(manager.socket).isSocket);
  const program = new URL("../../../../src/manager/server/manager.ts", import.meta.url).pathname;
  const next = denoRun(program, ["--socket", manager.socket]).spawn();
  try {
    await until("the next manager to answer", 20, async () => {
      try {
        await using connection = await manager.connect();
        return (await connection.calls.info({})).pid === next.pid;
      } catch {
        return false;
      }
    });
  } finally {
    kill(next.pid, "SIGTERM");
    await next.status;
    await next.stdout.cancel();
  }
});

Deno.test("A manager whose directory is shared with others takes none that is there already, and says so", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "scope-shared-" });
  try {
    const [deno = "", ...args] = denoArgv(
      new URL("../../../../src/manager/server/manager.ts", import.meta.url).pathname,
      [],
    );
    const { code, stderr } = await new Deno.Command(deno, { args, env: { SCOPE_SCRATCH: directory } }).output();
    assert.equal(code, 1);
    assert.match(
      new TextDecoder().decode(stderr),
      /^error: Cannot make the directory "\/tmp\/scope-shared-.*" of the manager.s socket: File exists/m,
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
