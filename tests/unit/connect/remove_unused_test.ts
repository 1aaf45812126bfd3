import assert from "node:assert/strict";
import type { TargetClient } from "../../../src/context.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { Event } from "../../../src/event.ts";
import { now } from "../../../src/lib/timed.ts";
import { withReconnect } from "../../../src/connect/reconnect.ts";
import type { ClusterContext } from "../../../src/context.ts";
import type { enterTarget } from "../../../src/connect/enter_target.ts";
import { releaseTarget } from "../../../src/connect/enter_target.ts";
import type { ManagerEndpoint } from "../../../src/connect/manager_endpoint.ts";
import { until } from "../../cluster/wait.ts";
import { apiServer } from "../kube/api_server.ts";
import { openSocket, startManager } from "../manager/manager_process.ts";

/** Makes an endpoint with this way to reconnect, and records removals and notices. */
function passageWith(
  again: NonNullable<ManagerEndpoint["again"]>,
  why?: string,
): { endpoint: ManagerEndpoint; done: string[]; context: ClusterContext } {
  const done: string[] = [];
  const endpoint = {
    place: "debug pod",
    created: true,
    again,
    whyEnded: () => Promise.resolve(why),
    remove: () => Promise.resolve(void done.push("removed")),
  } as unknown as ManagerEndpoint;
  const context = {
    options: { terminate: true },
    notice: (text: string) => void done.push(text.split(":")[0]!),
  } as unknown as ClusterContext;
  return { endpoint, done, context };
}

Deno.test("releaseTarget() after a lost connection removes no debug pod that others use, and one that nobody does", async () => {
  await using manager = await startManager();
  const { endpoint, done, context } = passageWith(() => openSocket(manager.socket));
  const lose = async () => {
    const lost = await manager.connect();
    await lost.calls.info({});
    await lost[Symbol.asyncDispose](); // as when a connection breaks
    return lost;
  };
  {
    await using other = await manager.connect();
    await other.calls.info({});
    await releaseTarget(context, endpoint, await lose());
    assert.deepEqual(done, ["debug pod stays"]);
    // The manager may notice a moment later that the client that asked has left.
    await until("the other to be alone", 5, async () => (await other.calls.info({})).clients === 1);
  }
  await releaseTarget(context, endpoint, await lose());
  assert.deepEqual(done, ["debug pod stays", "removed"]);
});

Deno.test("releaseTarget() removes what has ended, and nothing of which nobody can tell", async () => {
  await using manager = await startManager();
  const lost = await manager.connect();
  await lost[Symbol.asyncDispose]();
  const unreachable = () => Promise.reject(new ScopeError("unreachable", "no road"));
  for (
    const [{ endpoint, done, context }, expected] of [
      [passageWith(unreachable), "debug pod stays"],
      [passageWith(unreachable, "it ended (OOMKilled)"), "removed"],
      [passageWith(() => Promise.resolve(undefined)), "removed"],
    ] as const
  ) {
    await releaseTarget(context, endpoint, lost);
    assert.deepEqual(done, [expected]);
  }
});

Deno.test("withReconnect() tells of the loss first, and removes at its end what it made before it", async () => {
  await using api = await apiServer(() => ({ status: 403, body: "" }));
  const { endpoint, done, context } = passageWith(() => Promise.resolve(undefined));
  const stop = new AbortController(), name = { namespace: "shop", pod: "web" };
  let entered = 0;
  const enter: typeof enterTarget = (inside, _query, _needs, made) => {
    assert.equal(inside.options.terminate, false);
    if (++entered === 1) made?.(endpoint); // later it is found
    const client = {
      targetGone: new AbortController().signal,
      [Symbol.asyncDispose]: () => Promise.resolve(void done.push("left")),
    };
    return Promise.resolve(client as unknown as TargetClient);
  };
  const what = {
    needs: {},
    gone: "",
    async *begin(): AsyncIterable<Event> {
      yield { type: "redir.started", time: now(), ...name } as unknown as Event;
      if (entered === 1) throw new ScopeError("unreachable", "Lost the connection");
      stop.abort();
    },
    started: "redir.started",
    lost: "redir.lost",
    resumed: "redir.resumed",
  } as const;
  for await (const { type } of withReconnect({ ...context, cluster: api.cluster }, name, what, stop.signal, enter)) {
    done.push(type);
  }
  assert.deepEqual(done, [
    ...["redir.started", "left", "redir.lost"],
    ...["redir.resumed", "redir.started", "left", "removed"],
  ]);
});
