import { create } from "@bufbuild/protobuf";
import { onAbort } from "../../lib/on_abort.ts";
import { Channel } from "../../lib/channel.ts";
import type { Cycles } from "./cycles.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, RedirPort } from "../../event.ts";
import type { RedirectCall, RedirectPlan } from "./redirect_plan.ts";
import type { NetworkProbe, Target } from "../../target.ts";
import type { ManagerConnection } from "./connection.ts";
import { Probe_Kind, RedirectRequestSchema } from "../protocol/gen/manager_pb.ts";
import type { Frame, Opened, RedirectRequest } from "../protocol/gen/manager_pb.ts";
import type { Exec } from "./pipe_exec.ts";
import type { OpenConnection } from "./redirect_events.ts";
import {
  closedEvent,
  cycleEvent,
  lostEvent,
  openedConnection,
  openedEvent,
  startedEvent,
  trafficEvent,
} from "./redirect_events.ts";
import { Lanes } from "./lanes.ts";
import { Linked, Peeked } from "./linked.ts";
import { LocalSocket, WriteOnly } from "./local_socket.ts";
import { splice } from "../protocol/tunnel/peer.ts";
import type { TunnelStream } from "../protocol/tunnel/tunnel.ts";
import { Tunnel } from "../protocol/tunnel/tunnel.ts";

/** Time for the local application to accept a connection, in milliseconds; after that the pod answers it. */
const localMs = 500;
/** Interval between `redir.traffic` events, in milliseconds. */
const trafficMs = 1000;
/** Time for the manager to return the ports to the pod, in milliseconds; after that the kernel returns them. */
const endMs = 2000;

const probeKinds: Readonly<Record<NetworkProbe["kind"], Probe_Kind>> = {
  http: Probe_Kind.HTTP,
  https: Probe_Kind.HTTPS,
  tcp: Probe_Kind.TCP,
  grpc: Probe_Kind.GRPC,
};

/** A call, and how to run commands in the manager's container, where that is possible. */
type Call = RedirectCall & { exec?: Exec | undefined };

/**
 * Redirects connections of a pod to this machine until the signal is aborted, and yields their events.
 *
 * Throws ScopeError if the redirect cannot start, if another user takes over, and if the connection to the manager is lost.
 */
export async function* redirect(
  connection: ManagerConnection,
  target: Target,
  call: Call,
  translate: (error: unknown) => Promise<unknown>,
): AsyncIterable<Event> {
  const { signal } = call, left = new AbortController();
  const events = new Channel<Event>(), local = new LocalEnd(target, call, (event) => void events.push(event));
  let failure: unknown;
  const read = async () => {
    const until = AbortSignal.any([connection.lost, left.signal]);
    for await (
      const { response } of connection.calls.redirect(requestsOf(target, call, local.tunnel), { signal: until })
    ) {
      if (response.case === "started") {
        const started = startedEvent(target, call.plan, response.value);
        local.allow(started.ports);
        void events.push(started);
      } else if (response.case === "frames") local.receive(response.value.frames);
      else if (response.case === "takenOver") throw takenOver(target, response.value);
    }
    if (!signal.aborted) throw new Error("the redirect has ended");
  };
  let late: ReturnType<typeof setTimeout> | undefined;
  const timer = setInterval(() => local.emitTraffic(), trafficMs);
  using _abort = onAbort(signal, () => {
    local.close();
    late = setTimeout(() => left.abort(), endMs);
  });
  const reading = read().catch(async (error: unknown) => {
    if (!signal.aborted) failure = await translate(error);
  }).finally(() => {
    local.close();
    events.close();
  });
  try {
    yield* events;
    await reading;
  } finally {
    clearInterval(timer);
    clearTimeout(late);
    local.close();
    left.abort();
  }
  if (failure !== undefined) throw failure;
}

function takenOver({ namespace, pod }: Target, by: string): ScopeError {
  return new ScopeError("denied", `${by} has taken over the redirect of "${namespace}/${pod}"`, {
    hint: "agree with them; --takeover takes it back",
  });
}

async function* requestsOf(
  target: Target,
  { plan, owner, session }: RedirectCall,
  tunnel: Tunnel,
): AsyncIterable<RedirectRequest> {
  const { incoming, outgoing, ownContainer, takeover, mirror, raw, cut } = plan;
  const probes = plan.probes === "local" ? [] : target.probes ?? [];
  yield create(RedirectRequestSchema, {
    request: {
      case: "start",
      value: {
        target: { podUid: target.uid, containerId: target.container.id },
        incoming: incoming === "all" ? [] : incoming.map(({ port }) => port),
        allIncoming: incoming === "all",
        outgoing: outgoing.map(({ port }) => port),
        probes: probes.map(({ kind, port }) => ({ kind: probeKinds[kind], port })),
        nodeAddresses: [...target.nodeAddresses ?? []],
        ...{ ownContainer, owner, session, takeover, mirror, raw, cut },
      },
    },
  });
  for await (const frames of tunnel.outbox.messages()) {
    yield create(RedirectRequestSchema, { request: { case: "frames", value: { frames } } });
  }
}

/** The local end of a redirect: connects redirected connections to local applications. */
class LocalEnd {
  readonly tunnel = new Tunnel();
  readonly #open = new Map<number, OpenConnection>();
  readonly #ports = new Set<string>();
  readonly #plan: RedirectPlan;
  readonly #lanes: Lanes;
  readonly #cycles: Cycles;

  constructor(
    private readonly target: Target,
    { plan, cycles, exec }: Pick<Call, "plan" | "cycles" | "exec">,
    private readonly emit: (event: Event) => void,
  ) {
    this.#plan = plan;
    this.#cycles = cycles;
    // Mirrored connections stay in the tunnel: what is too much for it is not copied.
    this.#lanes = new Lanes(this.tunnel, plan.mirror ? undefined : exec);
  }

  /** Allows the requested ports, and no other that a manager may name. */
  allow(ports: readonly RedirPort[]): void {
    for (const { direction, port } of ports) {
      const planned = this.#plan[direction];
      if (planned === "all" || planned.some((of) => of.port === port)) this.#ports.add(`${direction} ${port}`);
    }
  }

  receive(frames: readonly Frame[]): void {
    this.tunnel.receive(frames, ({ connection, frame }, stream) => {
      if (frame.case === "opened") this.#opened(connection, frame.value);
      else if (frame.case === "lane") void (stream && this.#lanes.handle(stream, frame.value));
      else if (frame.case === "closed") {
        const one = this.#open.get(connection);
        this.#open.delete(connection);
        // Bytes that have arrived can still be read; no more will arrive.
        stream?.broke();
        stream?.close();
        if (one !== undefined) this.emit(closedEvent(one, frame.value));
      }
    });
  }

  emitTraffic(): void {
    const event = trafficEvent({ namespace: this.target.namespace, pod: this.target.pod }, this.#open.values());
    if (event !== undefined) this.emit(event);
  }

  /** Ends all connections, for example when the connection to the manager is lost. */
  close(): void {
    this.tunnel.close();
    this.#lanes[Symbol.dispose]();
    for (const one of this.#open.values()) this.emit(lostEvent(one));
    this.#open.clear();
  }

  #opened(connection: number, opened: Opened): void {
    const one = openedConnection(this.target, this.#plan, connection, opened);
    this.#open.set(connection, one);
    this.emit(openedEvent(one));
    if (opened.byPod) return;
    if (this.#ports.has(`${one.about.direction} ${opened.port}`)) {
      void this.#serve(one, this.tunnel.open(connection, opened.credit));
    } else this.tunnel.send(connection, { case: "refused", value: `port ${opened.port} was not asked for` });
  }

  /** Connects a redirected connection to the local application, or refuses it, so that the pod answers it. */
  async #serve(one: OpenConnection, stream: TunnelStream): Promise<void> {
    const { connection, local, from } = one.about, { to, mirror } = this.#plan;
    const refuse = (value: string) => this.tunnel.send(connection, { case: "refused", value });
    const peeked = new Peeked(this.#lanes.watch(stream)), host = from.slice(0, from.lastIndexOf(":"));
    const link = this.#cycles.arrived(local, host, () => peeked.peek(), { observed: !mirror });
    void stream.broken.then(() => link.end());
    const led = await link.admitted;
    if (led?.fresh) this.emit(cycleEvent(one, led.cycle));
    if (led !== undefined) return refuse(led.cycle.reason);
    const startedAt = performance.now();
    let socket: LocalSocket;
    try {
      const port = Number(local.slice(local.lastIndexOf(":") + 1));
      socket = await LocalSocket.connect(to, port, localMs);
    } catch (error) {
      link.end();
      return refuse((error as Error).message);
    }
    link.connected();
    one.connectMs = performance.now() - startedAt;
    this.tunnel.send(connection, { case: "accepted", value: { credit: stream.window.first } });
    await splice(peeked, new Linked(mirror ? new WriteOnly(socket) : socket, link), one.traffic);
  }
}
