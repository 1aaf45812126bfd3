import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Files } from "../../../../src/manager/client/target_files.ts";
import type { ManagerConnection } from "../../../../src/manager/client/connection.ts";
import { makeFiles } from "../../../../src/manager/client/files_client.ts";
import { hangs, hungMount } from "./hung_mount.ts";
import { kill, outcome, start, startManager, within } from "../manager_process.ts";
import type { TestManager } from "../manager_process.ts";
import { fakeTarget } from "../target.ts";
import type { FakeTarget } from "../target.ts";

// These tests need root for a root and namespaces of their own; without it they are ignored.
const ignore = Deno.uid() !== 0;

interface World {
  target: FakeTarget;
  manager: TestManager;
  connection: ManagerConnection;
  files: Files;
}

function withHungMount(name: string, test: (world: World) => Promise<void>): void {
  Deno.test({
    name: `${name} (needs root)`,
    ignore,
    async fn() {
      await using target = await fakeTarget();
      Deno.mkdirSync(`${target.root}/hung`);
      await using manager = await startManager();
      await using connection = await manager.connect();
      // Disposed first: all processes that wait for this file system can end only afterwards.
      await using _hung = await hungMount(target.pid, target.root, "/hung");
      await test({ target, manager, connection, files: filesOf(connection, target) });
    },
  });
}

function filesOf(connection: ManagerConnection, { podUid, containerId }: FakeTarget): Files {
  return makeFiles({
    connection,
    target: { podUid, containerId },
    translate: (error) => Promise.resolve(error),
  });
}

const list = (files: Files, path: string, signal = new AbortController().signal) =>
  Array.fromAsync(files.list(path, { depth: "children", names: true, signal }));

withHungMount("A file system that does not answer holds up nobody but who waits for it", async (world) => {
  const { target, manager, connection, files } = world, left = new AbortController();
  const hung = list(files, "/hung", left.signal);
  hung.catch(() => {});
  await hangs(manager.child.pid);
  // First the same client and the same target, then another client.
  const others = async (connection: ManagerConnection) => {
    assert.ok((await list(filesOf(connection, target), "/etc")).length > 1);
    const { processes } = await connection.calls.ps({ containers: [{ id: target.containerId, name: "app" }] });
    assert.equal(processes.length, 1);
    assert.equal((await outcome(start(connection, ["echo", "works"]))).stdout, "works\n");
  };
  await within(10, others(connection), () => "the same client");
  await using second = await manager.connect();
  await within(10, others(second), () => "another client");
  // A waiting client may leave at any time, and the manager may end.
  left.abort();
  await assert.rejects(within(5, hung), /abort|cancel/i);
  kill(manager.child.pid, "SIGTERM");
  await within(10, manager.child.status, () => "the manager to end");
});

withHungMount("A call on files ends with the reason when its file system does not answer", async (world) => {
  const { manager, files } = world, started = performance.now();
  const isTimeout = (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(error.code, Code.DeadlineExceeded);
    assert.equal(error.rawMessage, 'a file system at or below "/hung/x" does not answer');
    return true;
  };
  const writing = async () => {
    await using writer = files.writer("/hung/x", { name: "", directory: false, signal: new AbortController().signal });
    await writer.opened;
  };
  const calls = Array.from({ length: 3 }, () => list(files, "/hung/x"));
  await within(30, Promise.all([...calls, writing()].map((call) => assert.rejects(call, isTimeout))));
  assert.ok(performance.now() - started > 10_000);
  // Only a few calls may hang: each blocks a thread.
  await assert.rejects(list(files, "/etc"), (error) => (error as ConnectError).code === Code.ResourceExhausted);
  kill(manager.child.pid, "SIGTERM");
  await within(10, manager.child.status, () => "the manager to end");
});

withHungMount(
  "Processes and runs go without the files of a target whose file system does not answer",
  async (world) => {
    const { target: { root, podUid, containerId }, connection } = world;
    for (const name of ["passwd", "hosts", "resolv.conf"]) {
      if (name === "passwd") Deno.removeSync(`${root}/etc/${name}`);
      Deno.symlinkSync(`/hung/${name}`, `${root}/etc/${name}`);
    }
    const ask = async () => {
      const { processes } = await connection.calls.ps({ containers: [{ id: containerId, name: "app" }] });
      assert.deepEqual(processes.map(({ user }) => user), [""]);
      const run = start(connection, ["hostname"], { namespaces: ["net", "uts"] }, { podUid, containerId, name: "web" });
      assert.equal((await outcome(run)).stdout, "scope-target\n");
    };
    await within(20, ask());
  },
);
