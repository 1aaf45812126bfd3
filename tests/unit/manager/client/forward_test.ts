import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import type { ManagerConnection } from "../../../../src/manager/client/connection.ts";
import { connect } from "../../../../src/manager/client/connection.ts";
import { forwarder } from "../../../../src/manager/client/forward.ts";
import { version } from "../../../../src/version.ts";
import { until } from "../../../cluster/wait.ts";
import { openSocket, outcome, reader, start, startManager, within } from "../manager_process.ts";

/** Starts a manager, one connection to it, and a forwarder that shares the connection. */
async function startForwarder(connection?: Promise<ManagerConnection>) {
  const manager = await startManager(), far = await manager.connect();
  const forwarding = forwarder(connection ?? Promise.resolve(far)), path = `${manager.directory}/forward.sock`;
  await new Promise<void>((resolve) => forwarding.server.listen(path, resolve));
  return {
    far,
    manager,
    forwarding,
    connect: async () => connect(await openSocket(path)),
    async [Symbol.asyncDispose]() {
      await forwarding[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
      await manager[Symbol.asyncDispose]();
    },
  };
}

Deno.test("forwarder() passes on calls, their answers and their errors", async () => {
  await using forwarding = await startForwarder();
  await using near = await forwarding.connect();
  const info = await near.calls.info({});
  // The manager sees the forwarder as its only client.
  assert.deepEqual([info.version, info.clients], [version, 1]);
  const program = start(near, ["scope-has-no-such-program"]);
  program.exit.catch(() => {});
  await assert.rejects(outcome(program), (error) => {
    assert.ok(error instanceof ConnectError);
    assert.match(error.message, /^\[not_found\] .*scope-has-no-such-program/);
    return true;
  });
});

Deno.test("forwarder() passes on both directions byte by byte, and the end of each", async () => {
  await using forwarding = await startForwarder();
  await using near = await forwarding.connect();
  const bytes = new Uint8Array(24 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  const run = start(near, ["cat"]), hash = createHash("sha256");
  const write = async () => {
    for (let at = 0; at < bytes.length; at += 256 * 1024) await run.write(bytes.slice(at, at + 256 * 1024));
    run.endInput();
  };
  const read = async () => {
    for await (const { bytes } of run.output) hash.update(bytes);
  };
  await within(60, Promise.all([write(), read()]));
  assert.equal((await run.exit).code, 0);
  assert.equal(hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
});

Deno.test("forwarder() ends a program whose caller gives up or goes away, and no other", async () => {
  await using forwarding = await startForwarder();
  await using stays = await forwarding.connect();
  const goes = await forwarding.connect();
  const lasting = start(stays, ["sh", "-c", "echo runs; sleep 60"]), lastingOutput = reader(lasting);
  lasting.exit.catch(() => {});
  await lastingOutput.has(/runs/);
  const runs = async () => (await forwarding.far.calls.info({})).runs;
  // The caller stops reading, which resets its stream.
  for await (const _ of start(goes, ["sh", "-c", "echo runs; sleep 60"]).output) break;
  await until("the first program to end", 5, async () => await runs() === 1);
  const second = reader(start(goes, ["sh", "-c", "echo runs; sleep 60"]));
  await second.has(/runs/);
  assert.equal(await runs(), 2);
  const cutOff = assert.rejects(second.rest());
  await goes[Symbol.asyncDispose]();
  await cutOff;
  await until("the second program to end", 5, async () => await runs() === 1);
});

Deno.test("forwarder() holds up who sends more than its reader takes, and no other call", async () => {
  await using forwarding = await startForwarder();
  await using near = await forwarding.connect();
  await using other = await forwarding.connect();
  const run = start(near, ["sh", "-c", "head -c 600000000 /dev/zero; echo sent >&2"]);
  run.exit.catch(() => {});
  const output = run.output[Symbol.asyncIterator]();
  await output.next(); // the output is not read again
  const before = Deno.memoryUsage().rss;
  for (let asked = 0; asked < 20; asked++) {
    const asking = performance.now();
    await within(2, other.calls.info({}));
    assert.ok(performance.now() - asking < 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The limit allows for two flow-control windows and the buffers between them.
  assert.ok(Deno.memoryUsage().rss - before < 150e6, `${Deno.memoryUsage().rss - before} bytes more`);
  assert.equal((await forwarding.far.calls.info({})).runs, 1);
  await output.return?.();
});

Deno.test("forwarder() lets calls wait for the connection, and refuses them when there is none", async () => {
  const coming = Promise.withResolvers<ManagerConnection>();
  await using forwarding = await startForwarder(coming.promise);
  await using near = await forwarding.connect();
  const early = near.calls.info({});
  coming.resolve(forwarding.far);
  assert.equal((await within(5, early)).version, version);

  const failing = Promise.reject(new Error("no way"));
  failing.catch(() => {});
  await using without = await startForwarder(failing);
  await using refused = await without.connect();
  await assert.rejects(within(5, refused.calls.info({})), ConnectError);
});

Deno.test("forwarder() survives a lost connection, and callers that speak no HTTP/2", async () => {
  await using forwarding = await startForwarder();
  await using near = await forwarding.connect();
  const run = start(near, ["sleep", "60"]), ending = assert.rejects(outcome(run));
  run.exit.catch(() => {});
  await until("the program to run", 5, async () => (await forwarding.far.calls.info({})).runs === 1);
  const stranger = await openSocket(`${forwarding.manager.directory}/forward.sock`);
  stranger.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  stranger.on("error", () => {});
  await within(5, new Promise((resolve) => stranger.resume().once("close", resolve)));
  assert.equal((await near.calls.info({})).version, version);
  await forwarding.far[Symbol.asyncDispose]();
  await within(5, ending);
  await assert.rejects(within(5, near.calls.info({})), ConnectError);
});
