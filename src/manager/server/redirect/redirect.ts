import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";
import { RedirectResponseSchema, type RedirectStartedSchema } from "../../protocol/gen/manager_pb.ts";
import type { RedirectRequest, RedirectResponse, RedirectStart } from "../../protocol/gen/manager_pb.ts";
import { Tunnel } from "../../protocol/tunnel/tunnel.ts";
import { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection.ts";
import { Lanes } from "./lanes.ts";
import { Lease } from "./lease.ts";
import { catchesInbound, networkRules } from "./mesh.ts";
import { Network } from "./network.ts";
import { cutConnections, forgetConnections, keptConnections, listeningPorts } from "./ports.ts";
import type { Ports } from "./rules.ts";
import { listenAnywhere } from "./socket_calls.ts";
import { Listener } from "./tcp_socket.ts";
import { refusal } from "../refusal.ts";

/** Time that connections served by the pod continue after a redirect has ended, in milliseconds. */
const drainMs = 10_000;

type Part = NonNullable<MessageInitShape<typeof RedirectResponseSchema>["response"]>;
const response = (part: Part): RedirectResponse => create(RedirectResponseSchema, { response: part });

/** The redirects and bypasses that have rules in a pod's network, including those that are ending. */
export type Redirects = Set<{ abandon(): Promise<void> }>;

/**
 * Handles one Redirect. The redirect ends with the call, and when the client is gone. After that the generator may never be
 * resumed, so the clean-up must not depend on it.
 */
export async function* redirect(
  requests: AsyncIterable<RedirectRequest>,
  client: Client,
  gone: AbortSignal,
  all: Redirects,
  sharedNamespaces: boolean,
): AsyncIterable<RedirectResponse> {
  const input = requests[Symbol.asyncIterator]();
  const first = (await input.next()).value?.request;
  if (first?.case !== "start") throw new ConnectError("the first request must be start", Code.InvalidArgument);
  await using redirect = new Redirect(first.value, sharedNamespaces, all);
  gone.addEventListener("abort", () => void redirect[Symbol.asyncDispose](), { once: true });
  const started = await redirect.start(client);
  if (gone.aborted) return;
  yield response({ case: "started", value: started });
  void redirect.feed(input);
  for await (const frames of redirect.messages()) yield response({ case: "frames", value: { frames } });
  if (redirect.takenOverBy !== undefined) yield response({ case: "takenOver", value: redirect.takenOverBy });
}

/** One client's redirect in one pod. Disposing releases all ports, and ends the connections that the client serves. */
export class Redirect implements AsyncDisposable {
  takenOverBy: string | undefined;
  readonly #network: Network;
  readonly #tunnel = new Tunnel();
  readonly #place: ConnectionContext;
  readonly #listeners: Listener[] = [];
  /** Connections that are being served, with promises of their ends. */
  readonly #serving = new Map<Connection, Promise<void>>();
  readonly #hurry = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #lease: Lease | undefined;
  #count = 0;
  #failed: unknown;
  #started: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;

  /** Throws ConnectError when the target does not run here, or uses its node's network. */
  constructor(private readonly request: RedirectStart, sharedNamespaces: boolean, private readonly all: Redirects) {
    this.#network = Network.of(request.target, sharedNamespaces);
    this.#place = {
      network: this.#network,
      tunnel: this.#tunnel,
      lanes: new Lanes(),
      mirror: request.mirror,
      probes: request.probes,
      nodeAddresses: new Set([...request.nodeAddresses, ...this.#network.gateways()]),
      answers: new Map(),
    };
    all.add(this);
  }

  /** Creates the rules and takes the ports. Rejects with ConnectError; then nothing is redirected. */
  start(client: Client): Promise<MessageInitShape<typeof RedirectStartedSchema>> {
    const started = this.#start(client);
    this.#started = started.catch(() => {});
    return started;
  }

  async #start(client: Client): Promise<MessageInitShape<typeof RedirectStartedSchema>> {
    const { request } = this;
    const { owner, session, takeover, raw } = request, { enter } = this.#network;
    const lease = this.#lease = new Lease(enter, { owner, session });
    const [others, rules] = await Promise.all([lease.others(), networkRules(this.#network)]);
    const mesh = catchesInbound(rules.text);
    const listening = listeningPorts(this.#network, request, mesh, others.flatMap(({ listeners }) => listeners));
    const ports: Ports = {
      incoming: request.allIncoming ? listening.named : request.incoming,
      outgoing: request.outgoing,
    };
    if (ports.incoming.length + ports.outgoing.length === 0) {
      throw refusal("NO_PORT", "the pod listens on no port");
    }
    const kept = keptConnections(this.#network.sockets(), ports);
    const listen = (direction: "incoming" | "outgoing") => {
      const listener = new Listener(this.#network.within(listenAnywhere), (socket, accepted) => {
        const connection = new Connection(this.#place, ++this.#count, direction, socket, accepted);
        this.#serving.set(connection, connection.serve().finally(() => this.#serving.delete(connection)));
      });
      this.#listeners.push(listener);
      return listener.port;
    };
    const listeners = {
      ...(ports.incoming.length === 0 ? {} : { incoming: listen("incoming") }),
      ...(ports.outgoing.length === 0 ? {} : { outgoing: listen("outgoing") }),
    };
    await lease.take(others, ports, { listeners, loopbackOnly: mesh && !raw, takeover });
    const cut = request.cut ? await cutConnections(enter, ports) : 0;
    lease.keep(client, (why) => {
      if ("by" in why) this.takenOverBy = why.by;
      else this.#failed = why.error;
      void this[Symbol.asyncDispose]();
    });
    const unheard = ports.incoming.filter((port) => !listening.all.includes(port));
    return { incoming: [...ports.incoming], unheard, kept: request.cut ? 0 : kept, cut, mesh: mesh && !raw };
  }

  /** Yields the messages to the client, until the redirect has ended. Throws the error that ended it. */
  async *messages(): ReturnType<Tunnel["outbox"]["messages"]> {
    yield* this.#tunnel.outbox.messages();
    await this.#ended;
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Handles the client's messages. */
  async feed(input: AsyncIterator<RedirectRequest>): Promise<void> {
    const { answers, lanes } = this.#place;
    try {
      for (let next = await input.next(); !next.done; next = await input.next()) {
        const { request } = next.value;
        if (request.case !== "frames") continue;
        this.#tunnel.receive(request.value.frames, ({ connection, frame }, stream) => {
          if (frame.case === "lane") {
            const answer = stream && lanes.handle(stream, frame.value);
            if (answer !== undefined) this.#tunnel.send(connection, { case: "lane", value: answer });
          } else if (frame.case === "accepted") answers.get(connection)?.(undefined, frame.value.credit);
          else if (frame.case === "refused") answers.get(connection)?.(frame.value);
        });
      }
    } catch {
      // The stream was aborted: the abort signal ends the redirect.
    }
    await this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    await this.#started;
    this.#tunnel.close();
    const lanes = this.#place.lanes[Symbol.asyncDispose]();
    await this.#lease?.release();
    for (const listener of this.#listeners) listener.take();
    const drained = this.#drain(lanes);
    if (this.#serving.size === 0) await drained;
  }

  /**
   * Ends the listeners last: until the kernel has forgotten all redirected connections, new ones from the same ports still
   * arrive at the listeners, and are served by the pod. The rules stay until then, because they translate the packets of the
   * old connections.
   */
  async #drain(lanes: Promise<void>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined, isOver = false;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, drainMs));
    const end = Promise.race([late, this.#hurry.promise]).then(() => isOver = true);
    const { enter } = this.#network, ports = this.#listeners.map(({ port }) => port);
    do {
      await Promise.race([Promise.all(this.#serving.values()), end]);
      if (isOver) { for (const connection of this.#serving.keys()) connection.cut(); }
      // Without redirected connections there is nothing to forget.
      if (this.#count > 0) await forgetConnections(enter, ports, { closed: true });
      for (const listener of this.#listeners) listener.take();
    } while (this.#serving.size > 0 && !isOver);
    clearTimeout(timer);
    for (const connection of this.#serving.keys()) connection.cut();
    if (this.#count > 0) await forgetConnections(enter, ports, { closed: false });
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    await Promise.all([lanes, this.#lease?.[Symbol.asyncDispose]()]);
    this.#network[Symbol.dispose]();
    this.all.delete(this);
    this.#gone.resolve();
  }

  /** Ends at once, including connections served by the pod: nothing is left when this resolves. */
  async abandon(): Promise<void> {
    this.#hurry.resolve();
    await this[Symbol.asyncDispose]();
    await this.#gone.promise;
  }
}
