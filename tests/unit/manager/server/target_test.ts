import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { readInRoot } from "../../../../src/manager/server/root_file.ts";
import { alive, denoRun, gone, outcome, reader, start, startManager, within } from "../manager_process.ts";
import { fakeTarget } from "../target.ts";
import type { FakeTarget } from "../target.ts";
import { refusalOf } from "../../../../src/manager/client/refusals.ts";

// These tests need root for a root and namespaces of their own; without it they are ignored.
const ignore = Deno.uid() !== 0;

function withTarget(name: string, test: (target: FakeTarget) => void | Promise<void>): void {
  Deno.test({
    name: `${name} (needs root)`,
    ignore,
    async fn() {
      await using target = await fakeTarget();
      await test(target);
    },
  });
}

async function read({ pid }: FakeTarget, path: string): Promise<string | undefined> {
  const bytes = await readInRoot(pid, path);
  return bytes && new TextDecoder().decode(bytes);
}

withTarget("readInRoot() reads files of the target, also through links that stay inside", async (target) => {
  const { root } = target;
  Deno.writeTextFileSync(`${root}/etc/hosts`, "inside\n");
  assert.equal(await read(target, "/etc/hosts"), "inside\n");
  Deno.symlinkSync("/etc/hosts", `${root}/absolute`);
  Deno.symlinkSync("../../../etc/hosts", `${root}/etc/upwards`);
  assert.equal(await read(target, "/absolute"), "inside\n");
  assert.equal(await read(target, "/etc/upwards"), "inside\n");
});

withTarget("readInRoot() never reads outside of the target's root", async (target) => {
  const { root, secret } = target;
  const inside = Deno.readTextFileSync("/etc/passwd");
  assert.notEqual(await read(target, "/etc/passwd"), inside);
  const links = {
    absolute: secret.path,
    upwards: `../../../../../../..${secret.path}`,
    shadow: "/etc/shadow",
    init: `/proc/1/root${secret.path}`,
    self: `/proc/self/root${secret.path}`,
    own: `/proc/${Deno.pid}/root${secret.path}`,
    directory: `/proc/${Deno.pid}/cwd`,
    loop: "/etc/loop",
  };
  for (const [name, to] of Object.entries(links)) {
    Deno.symlinkSync(to, `${root}/etc/${name}`);
    assert.equal(await read(target, `/etc/${name}`), undefined, to);
  }
  assert.equal(await read(target, `/etc/directory/deno.json`), undefined);
  // The whole directory is a symlink.
  Deno.symlinkSync(`/proc/1/root${secret.path.replace(/\/[^/]+$/, "")}`, `${root}/elsewhere`);
  assert.equal(await read(target, "/elsewhere/secret"), undefined);
  // Followed from outside, the same paths do lead there: the attack is real.
  assert.equal(Deno.readTextFileSync(`/proc/${target.pid}/root/etc/absolute`), secret.text);
});

withTarget("readInRoot() does not wait for a pipe", async (target) => {
  const { code } = await new Deno.Command("mkfifo", { args: [`${target.root}/etc/hosts`] }).output();
  assert.equal(code, 0);
  const program = new URL("read_in_root_program.ts", import.meta.url).pathname;
  const child = denoRun(program, [String(target.pid), "/etc/hosts"]).spawn();
  try {
    const { stdout } = await within(10, child.output(), () => "the pipe");
    assert.match(new TextDecoder().decode(stdout), /^(nothing|0 bytes)\n$/);
  } finally {
    if (alive(child.pid)) child.kill("SIGKILL");
  }
});

withTarget("readInRoot() reads no more than its limit, and no directories or devices", async (target) => {
  const { root, pid } = target;
  Deno.writeFileSync(`${root}/etc/hosts`, new Uint8Array(300 * 1024));
  assert.equal((await readInRoot(pid, "/etc/hosts"))?.length, 256 * 1024);
  assert.equal((await readInRoot(pid, "/etc/hosts", 10))?.length, 10);
  await new Deno.Command("mknod", { args: [`${root}/dev/zero`, "c", "1", "5"] }).output();
  assert.equal(await read(target, "/dev/zero"), undefined);
  assert.equal(await read(target, "/etc"), undefined);
  assert.equal(await read(target, "/etc/none"), undefined);
  assert.equal(await readInRoot(4_194_303, "/etc/hosts"), undefined);
});

withTarget("Manager.Ps lists the processes of a container", async ({ pid, containerId }) => {
  await using manager = await startManager();
  await using connection = await manager.connect();
  const containers = [{ id: containerId, name: "app" }, { id: "0".repeat(64), name: "other" }];
  const { processes } = await connection.calls.ps({ containers });
  assert.equal(processes.length, 1);
  const { $typeName: _type, cpuMs, ageMs, residentBytes, threads, command, ...found } = processes[0]!;
  assert.deepEqual(found, {
    container: "app",
    pid,
    containerPid: pid,
    parentPid: Deno.pid,
    uid: 0,
    user: "chief",
    state: "S",
    listening: [8099],
    tracerPid: 0,
    thread: 0,
  });
  assert.match(command, /^\S*deno run .*target_program\.ts \S+\/root$/);
  assert.ok(threads > 1);
  assert.ok(cpuMs < 20_000n && ageMs < 60_000n && residentBytes > 1_000_000n && residentBytes < 1_000_000_000n);
});

withTarget(
  "Manager.Run enters the target's namespaces with the image's own files and the target's names",
  async (target) => {
    const { root, secret, podUid, containerId } = target;
    Deno.writeTextFileSync(`${root}/etc/hosts`, "192.0.2.7 only-there\n");
    Deno.symlinkSync(secret.path, `${root}/etc/resolv.conf`);
    await using manager = await startManager();
    await using connection = await manager.connect();
    const run = (argv: string[]) =>
      outcome(start(connection, argv, { namespaces: ["net", "uts"] }, { podUid, containerId, name: "t" }));
    assert.deepEqual(await run(["uname", "-n"]), { stdout: "scope-target\n", stderr: "", exit: { code: 0 } });
    assert.match((await run(["cat", "/proc/net/tcp"])).stdout, /:1FA3 00000000:0000 0A /);
    assert.equal((await run(["cat", "/etc/hosts"])).stdout, "192.0.2.7 only-there\n");
    // An absolute symlink out of the root is not a file in it, so the tool keeps its own.
    assert.equal((await run(["cat", "/etc/resolv.conf"])).stdout, Deno.readTextFileSync("/etc/resolv.conf"));
    assert.equal((await run(["cat", secret.path])).stdout, secret.text, "the tool sees the image's files");
    assert.equal((await run(["sh", "-c", "exit 42"])).exit.code, 42);
    assert.notEqual(Deno.readTextFileSync("/etc/hosts"), "192.0.2.7 only-there\n", "and nobody else does");
    const left = [...Deno.readDirSync(manager.directory)].filter(({ name }) => name.startsWith("scope-etc-"));
    assert.deepEqual(left, []);
  },
);

withTarget(
  "Manager.Run reaches the pod by its uid where the container does not run, and says where there is none",
  async (target) => {
    const { podUid } = target;
    await using manager = await startManager();
    await using connection = await manager.connect();
    const run = (podUid: string, containerId: string) =>
      outcome(start(connection, ["uname", "-n"], { namespaces: ["uts"] }, { podUid, containerId, name: "t" }));
    assert.equal((await run(podUid, "")).stdout, "scope-target\n");
    assert.equal((await run(podUid, "0".repeat(64))).stdout, "scope-target\n");
    await assert.rejects(run(crypto.randomUUID(), ""), (error) => {
      assert.ok(error instanceof ConnectError);
      assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "the pod has no process on this node"]);
      assert.equal(refusalOf(error)?.reason, "NOT_RUNNING", "its reason travels as data");
      return true;
    });
    await assert.rejects(run("", ""), { code: Code.NotFound });
  },
);

withTarget(
  "Manager.Run signals and ends what it runs in the target's namespaces",
  async ({ podUid, containerId, pid }) => {
    await using manager = await startManager();
    const connection = await manager.connect();
    const run = (script: string) =>
      start(connection, ["sh", "-c", script], { namespaces: ["net", "ipc"] }, { podUid, containerId, name: "t" });
    const asked = run('trap "exit 6" INT; echo up; while :; do sleep 0.05; done'), output = reader(asked);
    await output.has(/up\n/);
    asked.signal("SIGINT");
    await output.rest();
    assert.deepEqual(await asked.exit, { code: 6 });
    const [, ...pids] = (await reader(run('setsid sleep 600 & echo "$$ $!"; wait')).has(/(\d+) (\d+)\n/)).map(Number);
    await connection[Symbol.asyncDispose]();
    await gone("what ran in the target's namespaces to end", pids, 5);
    assert.ok(alive(pid), "the target runs on");
  },
);

withTarget(
  "Manager.Ps lists other processes when they are asked for, and leaves out what is not there",
  async ({ pid, containerId }) => {
    await using manager = await startManager();
    await using connection = await manager.connect();
    const containers = [{ id: containerId, name: "app" }];
    const { processes } = await connection.calls.ps({ containers, pids: [pid, Deno.pid, 4_194_303] });
    assert.deepEqual(processes.map(({ container, pid }) => ({ container, pid })), [
      { container: "app", pid },
      { container: "", pid: Deno.pid },
    ]);
  },
);
