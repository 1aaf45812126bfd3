import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Channel } from "../../../lib/channel.ts";
import type { Client } from "../clients.ts";
import { BypassResponseSchema, type BypassStartedSchema } from "../../protocol/gen/manager_pb.ts";
import type { BypassRequest, BypassResponse } from "../../protocol/gen/manager_pb.ts";
import type { BypassRules } from "./bypass_rules.ts";
import { bypassCount, bypassLeaseText, bypassReleaseText, bypassTableText, countText } from "./bypass_rules.ts";
import { networkRules, outgoingCapture } from "./mesh.ts";
import { Network } from "./network.ts";
import { makeTable, Nft } from "./nft.ts";
import { keptConnections } from "./ports.ts";
import type { Redirects } from "./redirect.ts";
import { throwNftRefusal } from "./nft_refusal.ts";
import { Renewal } from "./renewal.ts";
import { heldMaps, leaseMs } from "./rules.ts";
import { sweep } from "./sweep.ts";
import { refusal } from "../refusal.ts";

type Part = NonNullable<MessageInitShape<typeof BypassResponseSchema>["response"]>;
const response = (part: Part): BypassResponse => create(BypassResponseSchema, { response: part });

/** Handles one Bypass. The bypass ends with the call, and when the client is gone. */
export async function* bypass(
  requests: AsyncIterable<BypassRequest>,
  client: Client,
  gone: AbortSignal,
  all: Redirects,
  sharedNamespaces: boolean,
): AsyncIterable<BypassResponse> {
  const input = requests[Symbol.asyncIterator]();
  const first = await input.next();
  if (first.done) throw new ConnectError("there is no request", Code.InvalidArgument);
  await using bypass = new Bypass(first.value, sharedNamespaces, all);
  // The generator may never be resumed after the client is gone.
  gone.addEventListener("abort", () => void bypass[Symbol.asyncDispose](), { once: true });
  const started = await bypass.start(client);
  if (gone.aborted) return;
  yield response({ case: "started", value: started });
  // The stream has ended or was aborted.
  void input.next().catch(() => {}).finally(() => bypass[Symbol.asyncDispose]());
  for await (const count of bypass.counts()) yield response({ case: "connections", value: BigInt(count) });
}

/** One client's bypass of the sidecar of one pod. Disposing ends it at once. */
class Bypass implements AsyncDisposable {
  readonly #network: Network;
  readonly #nft: Nft;
  readonly #counts = new Channel<number>();
  readonly #table = `scope_${crypto.randomUUID().slice(0, 8)}`;
  #rules: BypassRules | undefined;
  #renewal: Renewal | undefined;
  #count = 0;
  #failed: unknown;
  #started: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;

  /** Throws ConnectError when the target does not run here, or uses its node's network. */
  constructor(private readonly request: BypassRequest, sharedNamespaces: boolean, private readonly all: Redirects) {
    this.#network = Network.of(request.target, sharedNamespaces);
    this.#nft = new Nft(this.#network.enter);
    all.add(this);
  }

  /** Creates the rules, which take effect at once. Rejects with ConnectError; then there are no rules. */
  start(client: Client): Promise<MessageInitShape<typeof BypassStartedSchema>> {
    const started = this.#start(client);
    this.#started = started.catch(() => {});
    return started;
  }

  async #start(client: Client): Promise<MessageInitShape<typeof BypassStartedSchema>> {
    const [maps, found] = await Promise.all([
      this.#nft.list("list maps").then(heldMaps, throwNftRefusal),
      networkRules(this.#network),
    ]);
    const capture = outgoingCapture(found.text) ?? throwNoCapture(found.unread);
    const kept = keptConnections(this.#network.sockets(), { incoming: [capture.port], outgoing: [] });
    await sweep(this.#nft, maps).catch(throwNftRefusal);
    const { ports, owner } = this.request, { dns, users, groups } = capture;
    const rules = this.#rules = { table: this.#table, ports, dns, users, groups, owner };
    await makeTable(this.#nft, (owned) => bypassTableText(rules, owned)).then(() => this.#renew(rules)).catch(
      throwNftRefusal,
    );
    this.#renewal = new Renewal(client, (agoMs) => this.#renew(rules, agoMs), (error) => {
      this.#failed = error;
      void this[Symbol.asyncDispose]();
    });
    return { sidecarPort: capture.port, dns, kept };
  }

  /** Renews the lease, counted from the last frame of the client, `agoMs` milliseconds ago. */
  async #renew(rules: BypassRules, agoMs = 0): Promise<void> {
    const text = bypassLeaseText(rules, Math.max(1, leaseMs - Math.round(agoMs)));
    const count = bypassCount(await this.#nft.do(text, countText(rules)));
    if (count === this.#count) return;
    this.#count = count;
    void this.#counts.push(count);
  }

  /**
   * Yields the number of connections that bypassed the sidecar, whenever it changes and at the end. Throws the error that
   * ended the bypass.
   */
  async *counts(): AsyncIterable<number> {
    yield* this.#counts;
    await this.#ended;
    if (this.#failed !== undefined) throw this.#failed;
    yield this.#count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    await this.#started;
    this.#renewal?.[Symbol.dispose]();
    if (this.#rules !== undefined) {
      // When nft has ended, its rules are gone.
      await this.#nft.do(bypassReleaseText(this.#rules), countText(this.#rules)).then((json) => {
        this.#count = bypassCount(json);
      }).catch(() => {});
      await this.#nft.do(`delete table inet ${this.#table}`).catch(() => {});
    }
    await this.#nft[Symbol.asyncDispose]();
    this.#network[Symbol.dispose]();
    this.#counts.close();
    this.all.delete(this);
  }

  abandon(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }
}

function throwNoCapture(unread: readonly string[]): never {
  if (unread.length === 0) throw refusal("NO_SIDECAR", "no rule of Istio takes what it connects to");
  throw refusal("RULES_UNREADABLE", `not all of its rules can be read here: ${unread.join(", ")}`);
}
