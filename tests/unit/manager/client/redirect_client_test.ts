import assert from "node:assert/strict";
import { createServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Channel } from "../../../../src/lib/channel.ts";
import { Cycles } from "../../../../src/manager/client/cycles.ts";
import type { Event } from "../../../../src/event.ts";
import type { ManagerConnection } from "../../../../src/manager/client/connection.ts";
import { Closed_How, RedirectResponseSchema } from "../../../../src/manager/protocol/gen/manager_pb.ts";
import type { Frame, RedirectRequest, RedirectResponse } from "../../../../src/manager/protocol/gen/manager_pb.ts";
import { redirect } from "../../../../src/manager/client/redirect_client.ts";
import type { RedirectPlan } from "../../../../src/manager/client/redirect_plan.ts";
import { target } from "../../target_client.ts";

type Part = NonNullable<MessageInitShape<typeof RedirectResponseSchema>["response"]>;

/** A manager in memory: sends the responses of the test, and collects the frames that it receives. */
function manager() {
  const responses = new Channel<RedirectResponse>(), frames: Frame[] = [];
  const lost = new AbortController();
  const calls = {
    async *redirect(requests: AsyncIterable<RedirectRequest>) {
      void (async () => {
        for await (const { request } of requests) if (request.case === "frames") frames.push(...request.value.frames);
        responses.close();
      })();
      yield* responses;
    },
  };
  const respond = (response: Part) => void responses.push(create(RedirectResponseSchema, { response }));
  const receivedFrame = async (connection: number, wanted: Frame["frame"]["case"]) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = frames.find((frame) => frame.connection === connection && frame.frame.case === wanted);
      if (found !== undefined) return found.frame.value;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.fail(`no ${wanted} for connection ${connection}: ${frames.map(({ frame }) => frame.case).join(" ")}`);
  };
  return { connection: { calls, lost: lost.signal } as unknown as ManagerConnection, respond, receivedFrame };
}

const plan = (port: number, localPort: number): RedirectPlan => ({
  ...{ incoming: [{ port, localPort }], outgoing: [], to: "localhost", probes: "pod" } as const,
  ...{ ownContainer: false, mirror: false, raw: false, cut: false, takeover: false },
});

const opened = (connection: number, port: number) => ({
  case: "frames" as const,
  value: {
    frames: [{
      connection,
      frame: {
        case: "opened" as const,
        value: { from: "10.0.0.1:1", to: `10.0.0.2:${port}`, port, outgoing: false, credit: 1000, byPod: false },
      },
    }],
  },
});

/** Starts a redirect of port 80 to a local port; the manager answers with `started`. */
function begin(localPort: number) {
  const { connection, respond, receivedFrame } = manager(), stop = new AbortController(), events: Event[] = [];
  const cycles = new Cycles(() => Promise.resolve(undefined));
  const call = { plan: plan(80, localPort), owner: "ann@laptop", session: "s", signal: stop.signal, cycles };
  const ended = (async () => {
    for await (const event of redirect(connection, target, call, (error) => Promise.resolve(error))) events.push(event);
  })();
  respond({ case: "started", value: { incoming: [80, 22], unheard: [], kept: 0, cut: 0, mesh: false } });
  return { respond, receivedFrame, stop, events, ended };
}

Deno.test("redirect() connects to what was asked for only, whatever the manager says", async () => {
  const { respond, receivedFrame, stop, ended } = begin(1);
  respond(opened(1, 22));
  assert.equal(await receivedFrame(1, "refused"), "port 22 was not asked for");
  respond(opened(2, 80));
  assert.equal(await receivedFrame(2, "refused"), "nothing listens on localhost:1");
  stop.abort();
  await ended;
});

Deno.test("redirect() carries a connection to a local server and back, and tells of its end", async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("data", (word: Uint8Array) => socket.write(word));
    socket.on("end", () => socket.end("bye"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { respond, receivedFrame, stop, events, ended } = begin((server.address() as { port: number }).port);
  respond(opened(7, 80));
  await receivedFrame(7, "accepted");
  const frame = (frame: Frame["frame"]) => ({ connection: 7, frame });
  respond({
    case: "frames",
    value: {
      frames: [
        frame({ case: "data", value: new TextEncoder().encode("hi") }),
        frame({ case: "end", value: {} as never }),
      ],
    },
  });
  assert.match(new TextDecoder().decode(await receivedFrame(7, "data") as Uint8Array), /^hi(bye)?$/);
  await receivedFrame(7, "end");
  respond({
    case: "frames",
    value: {
      frames: [{
        connection: 7,
        frame: {
          case: "closed",
          value: {
            how: Closed_How.CLOSED,
            byPod: false,
            reason: "",
            probe: false,
            sentBytes: 2n,
            receivedBytes: 5n,
            durationMs: 1.5,
          },
        },
      }],
    },
  });
  const hasEnded = () => events.some(({ type }) => type === "redir.connection");
  for (let tries = 0; tries < 200 && !hasEnded(); tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await ended;
  server.close();
  const connection = events.find(({ type }) => type === "redir.connection");
  assert.ok(connection?.type === "redir.connection");
  const { servedBy, ended: how, sentBytes, receivedBytes, durationMs } = connection;
  assert.deepEqual([servedBy, how, sentBytes, receivedBytes, durationMs], ["local", "closed", 2, 5, 1.5]);
});

Deno.test("redirect() ends with who took over", async () => {
  const { respond, ended } = begin(1);
  respond({ case: "takenOver", value: "bob@desk" });
  await assert.rejects(ended, { kind: "denied", message: /^bob@desk has taken over the redirect of/ });
});
