import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { defined } from "../../../lib/defined.ts";
import type { Direction } from "../../../event.ts";
import { Closed_How, ClosedSchema } from "../../protocol/gen/manager_pb.ts";
import type { Probe } from "../../protocol/gen/manager_pb.ts";
import type { Traffic } from "../../protocol/tunnel/peer.ts";
import { splice } from "../../protocol/tunnel/peer.ts";
import type { Tunnel, TunnelStream } from "../../protocol/tunnel/tunnel.ts";
import { earlyBytes } from "../../protocol/tunnel/tunnel.ts";
import type { SocketAddress } from "./address.ts";
import { addressText } from "./address.ts";
import type { Lanes } from "./lanes.ts";
import { Tee } from "./tee.ts";
import type { Network } from "./network.ts";
import { isProbe, probeMs } from "./probe.ts";
import { passMark } from "./rules.ts";
import { startConnect } from "./socket_calls.ts";
import type { Accepted } from "./tcp_socket.ts";
import { TcpSocket } from "./tcp_socket.ts";

/** Time in which the client must accept or refuse a connection, in milliseconds; the client gives its application 500. */
const answerMs = 1500;
/** Limit of the connect to the original destination, in milliseconds. */
const connectMs = 3000;
/** Time that the client has to read the rest of a copy after the connection itself has ended, in milliseconds. */
const copyEndMs = 5000;

/** The context that all connections of a redirect share. */
export interface ConnectionContext {
  network: Network;
  tunnel: Tunnel;
  lanes: Lanes;
  mirror: boolean;
  probes: readonly Probe[];
  nodeAddresses: ReadonlySet<string>;
  /**
   * Handlers of the client's answer to a connection: undefined when the client accepts it, otherwise the reason of its
   * refusal.
   */
  answers: Map<number, (refusal: string | undefined, credit?: number) => void>;
}

type Outcome = Omit<MessageInitShape<typeof ClosedSchema>, "$typeName" | "durationMs">;

/** One redirected connection, from its first packet to its end. */
export class Connection {
  readonly #since = performance.now();
  readonly #traffic: Traffic = { sent: 0, received: 0 };

  constructor(
    private readonly place: ConnectionContext,
    private readonly number: number,
    private readonly direction: Direction,
    private readonly socket: TcpSocket,
    private readonly accepted: Accepted,
  ) {}

  /** Serves the connection; resolves when it has ended. Never rejects. */
  async serve(): Promise<void> {
    const stream = this.place.tunnel.open(this.number, earlyBytes);
    let outcome: Outcome;
    try {
      outcome = await this.#serve(stream);
    } catch (error) {
      outcome = { how: Closed_How.FAILED, reason: (error as Error).message };
    }
    this.socket.reset(); // no effect once closed
    const { sent, received } = this.#traffic;
    const value = create(ClosedSchema, {
      ...outcome,
      sentBytes: BigInt(sent),
      receivedBytes: BigInt(received),
      durationMs: performance.now() - this.#since,
    });
    stream.close({ case: "closed", value });
    this.place.lanes.forget(this.number);
  }

  /** Resets the connection. */
  cut(): void {
    this.socket.reset();
  }

  async #serve(stream: TunnelStream): Promise<Outcome> {
    const { mirror } = this.place;
    if (await this.#isProbe()) {
      this.#open(stream, true);
      return { ...await this.#connectToOriginal(), probe: true };
    }
    this.#open(stream, false);
    if (mirror) return await this.#mirror(stream);
    const refusal = await this.#offer(stream);
    if (refusal !== undefined) return { reason: refusal, ...await this.#connectToOriginal(refusal) };
    return { how: closedAs(await splice(this.socket, stream, this.#traffic)) };
  }

  #open({ window }: TunnelStream, byPod: boolean): void {
    const { from, to } = this.accepted;
    this.place.tunnel.send(this.number, {
      case: "opened",
      value: {
        from: addressText(from),
        to: addressText(to),
        port: to.port,
        outgoing: this.direction === "outgoing",
        credit: window.first,
        byPod,
      },
    });
  }

  async #isProbe(): Promise<boolean> {
    const { probes, nodeAddresses } = this.place, { from, to } = this.accepted;
    const possible = this.direction === "incoming" ? probes.filter(({ port }) => port === to.port) : [];
    if (possible.length === 0 || !nodeAddresses.has(from.address)) return false;
    return isProbe(possible, await this.socket.peek(AbortSignal.timeout(probeMs)));
  }

  /** Offers the connection to the client, with the first bytes received. Returns the reason when the client refuses it. */
  async #offer(stream: TunnelStream): Promise<string | undefined> {
    const { answers } = this.place;
    const answered = Promise.withResolvers<string | undefined>();
    const decided = new AbortController();
    const decide = (refusal: string | undefined) => {
      answered.resolve(refusal);
      decided.abort(true); // an explicit reason avoids creating an error with a stack trace
    };
    answers.set(this.number, (refusal, credit = 0) => {
      stream.credit.add(Math.max(0, credit - earlyBytes));
      decide(refusal);
    });
    void stream.broken.then(() => decide("the connection to the client was lost"));
    const timer = setTimeout(() => decide(`the client did not answer within ${answerMs} ms`), answerMs);
    try {
      // Sent before the answer arrives, and kept: the side that serves the connection in the end gets them.
      const first = await this.socket.peek(decided.signal);
      const sent = first === undefined || first.length === 0 ? undefined : stream.write(first).catch(() => {});
      const refusal = await answered.promise;
      if (refusal !== undefined) stream.reset();
      else if (sent !== undefined) {
        await sent;
        this.#traffic.sent += this.socket.skipPeeked();
      }
      return refusal;
    } finally {
      clearTimeout(timer);
      answers.delete(this.number);
    }
  }

  /** Connects the connection to its original destination. */
  async #connectToOriginal(because?: string): Promise<Outcome> {
    const { to } = this.accepted;
    const pod = await this.#connect(to).catch((error: Error) => error);
    if (pod instanceof Error) {
      const reason = `${because === undefined ? "" : `${because}; `}${addressText(to)}: ${pod.message}`;
      return { byPod: true, how: Closed_How.FAILED, reason };
    }
    return { byPod: true, how: closedAs(await splice(this.socket, pod, this.#traffic)) };
  }

  async #mirror(stream: TunnelStream): Promise<Outcome> {
    const { answers } = this.place, tee = new Tee(this.socket, stream), { to } = this.accepted;
    answers.set(this.number, (refusal, credit = 0) => {
      stream.credit.add(Math.max(0, credit - earlyBytes));
      if (refusal === undefined) tee.accept();
      else tee.fail(refusal);
    });
    try {
      const ending = await splice(tee, await this.#connect(to), this.#traffic);
      await tee.finish(copyEndMs);
      return { byPod: true, how: closedAs(ending), ...defined({ reason: tee.missing }) };
    } catch (error) {
      return { byPod: true, how: Closed_How.FAILED, reason: `${addressText(to)}: ${(error as Error).message}` };
    } finally {
      answers.delete(this.number);
    }
  }

  #connect(to: SocketAddress): Promise<TcpSocket> {
    return TcpSocket.connect(
      () => this.place.network.within(() => startConnect(to, passMark)),
      AbortSignal.timeout(connectMs),
    );
  }
}

function closedAs(ending: "closed" | "reset"): Closed_How {
  return ending === "closed" ? Closed_How.CLOSED : Closed_How.RESET;
}
