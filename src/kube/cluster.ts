import { Exec, loadYaml } from "@kubernetes/client-node";
import type { Access } from "../rights/access.ts";
import { permissionHint } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import { Config } from "./config.ts";
import type { CredentialPlugin } from "./credential_plugin.ts";
import { findContext } from "./find_kubeconfig.ts";
import { proxyFor } from "./proxy.ts";
import { refusalOf } from "./refused_upgrade.ts";
import { isHarmless, makeRequest, type RequestStream, type RestRequest } from "./rest.ts";
import { isPutOff, patiently, type Repeat } from "./retry.ts";
import type { Denial } from "./translate.ts";
import { translate } from "./translate.ts";

export type {
  CoreV1EventList,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1EphemeralContainer,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ServicePort,
} from "@kubernetes/client-node";

/** Reads one YAML document. */
export const parseYaml: (text: string) => unknown = loadYaml;

/** A connection to the API server of one kubeconfig context. */
export interface Cluster {
  readonly exec: Exec;
  /** Name of the context; empty inside a cluster. */
  readonly context: string;
  /** The context's namespace. */
  readonly namespace: string;
  /** Address of the API server, for messages. */
  readonly server: string;
  /** One request; `what` completes "Cannot …". Throws ScopeError. */
  request<T>(what: string, request: Omit<RestRequest, "signal"> & { repeat?: Repeat }): Promise<T>;
  /** The body of an answer as it comes, without a limit of time. Throws StatusError, or what undici throws. */
  readonly stream: RequestStream;
  /**
   * Asks the API server, again where that may help, and returns its answer, with its error translated. One that takes long is
   * told of, and given up at the limit.
   */
  call<T>(what: string, attempt: () => Promise<T>, options: CallOptions): Promise<T>;
  /** The hint for who lacks these rights. */
  permissionHint(missing: readonly Access[]): string;
  /** The same cluster for what must be done in any case, as cleaning up. */
  readonly uninterrupted: Cluster;
}

export interface CallOptions {
  repeat: Repeat;
  /** Ends further attempts, but none that is under way. */
  until?: AbortSignal;
  /** The rights that it takes, where a refusal does not say them. */
  asked?: readonly Access[];
}

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  /** Limit of one call, in milliseconds. */
  timeoutMs: number;
  /** Words to people. */
  notice(text: string): void;
  /** Words to those who want to know what scope does. */
  detail?(text: string): void;
  /** Whether a credential plugin may ask somebody at a terminal. */
  interactive?: boolean;
  /** The environment, for its kubeconfigs and proxies. */
  env?: Readonly<Record<string, string>>;
  /** The hint for who lacks these rights, where `namespace` is the context's. */
  advise?: (missing: readonly Access[], namespace: string) => string;
  /** Ends every wait, with its reason. */
  signal: AbortSignal;
}

/** When to say that a call takes long, in milliseconds. */
const longMs = 4000;

type ConfigOptions =
  & Pick<ClusterOptions, "kubeconfig" | "context" | "env" | "interactive">
  & Partial<Pick<ClusterOptions, "notice">>;

/**
 * Reads the kubeconfig as kubectl does; nothing when there is none.
 *
 * Throws ScopeError: unreachable when it cannot be read or has no cluster to ask, notFound when there is no such context or file.
 */
function readConfig({ interactive = false, notice = () => {}, ...places }: ConfigOptions): Config | undefined {
  const found = findContext(places), config = new Config({ interactive, notice });
  if (found === undefined) return undefined;
  if (found === "pod") config.loadFromCluster();
  else config.take(found);
  return config;
}

function namespaceOf(config: Config): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
}

/** The namespace of the kubeconfig's context; nothing where there is no kubeconfig, or no current context. Throws ScopeError. */
export function contextNamespace(options: Pick<ClusterOptions, "kubeconfig" | "context" | "env">): string | undefined {
  try {
    const found = findContext(options);
    return found === "pod" ? namespaceOf(readConfig(options)!) : found?.namespace;
  } catch (error) {
    if (error instanceof ScopeError && options.kubeconfig === undefined && isAbsent(error)) return undefined;
    throw error;
  }
}

/** Of a kubeconfig that is not there, or has no cluster. */
function isAbsent({ message, cause }: ScopeError): boolean {
  return (cause as { code?: string } | undefined)?.code === "ENOENT" || message.startsWith("Cannot find a cluster");
}

/** One that asks for new credentials where a plugin's are refused: nothing of the streams is read before it is open. */
class RenewingExec extends Exec {
  constructor(private readonly config: Config) {
    super(config);
  }

  override exec(...args: Parameters<Exec["exec"]>): ReturnType<Exec["exec"]> {
    return this.config.renewing(async () => {
      try {
        return await super.exec(...args);
      } catch (error) {
        throw refusalOf(error);
      }
    });
  }
}

/** Loads the cluster of a kubeconfig. Throws ScopeError: unreachable when there is none, and notFound. */
export function loadCluster(options: ClusterOptions): Cluster {
  const { timeoutMs, notice, detail = () => {}, signal, advise = (missing) => permissionHint(missing) } = options;
  const config = readConfig(options);
  if (config === undefined) {
    throw new ScopeError("unreachable", "Cannot find a cluster: there is no kubeconfig", {
      hint: "set KUBECONFIG, or give --kubeconfig FILE",
    });
  }
  const cluster = config.getCurrentCluster()!;
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, options.env ?? {});
  if (proxyUrl !== undefined) config.clusters = [{ ...cluster, proxyUrl }];
  const { request, stream } = makeRequest(config), exec = new RenewingExec(config);
  const namespace = namespaceOf(config), adviseHere = (missing: readonly Access[]) => advise(missing, namespace);
  const make = (signal: AbortSignal, interrupt = signal): Cluster => {
    const common = {
      server: cluster.server,
      plugin: config.plugin,
      timeoutMs,
      notice,
      detail,
      signal,
      permissionHint: adviseHere,
    };
    const call: Cluster["call"] = (what, attempt, options) => limited(what, attempt, { ...common, ...options });
    return {
      exec,
      context: config.getCurrentContext() ?? "",
      namespace,
      permissionHint: adviseHere,
      server: cluster.server,
      request<T>(what: string, { repeat, ...rest }: Omit<RestRequest, "signal"> & { repeat?: Repeat }) {
        const limit = AbortSignal.timeout(timeoutMs + 1000), harmless = isHarmless(rest);
        // A request that was sent is not given up; one that was put off is not sent after an interrupt.
        const until = harmless || rest.method === "DELETE" ? {} : { until: interrupt };
        return call(what, () => request<T>({ ...rest, signal: limit }), {
          repeat: repeat ?? (harmless ? "always" : "refused"),
          ...until,
        });
      },
      stream,
      call,
      get uninterrupted() {
        return make(new AbortController().signal, interrupt);
      },
    };
  };
  return make(signal);
}

async function limited<T>(
  what: string,
  attempt: () => Promise<T>,
  { server, plugin, timeoutMs, notice, detail, repeat, until, signal, ...denial }:
    & Required<Pick<ClusterOptions, "timeoutMs" | "notice" | "detail" | "signal">>
    & CallOptions
    & Denial
    & {
      server: string;
      plugin: CredentialPlugin;
    },
): Promise<T> {
  const late = Promise.withResolvers<never>(), ended = new AbortController();
  const who = () =>
    plugin.running === undefined ? `the API server ${server}` : `the kubeconfig's plugin "${plugin.running}"`;
  let refusal: unknown;
  const giveUp = (reason: unknown) => {
    late.reject(reason);
    plugin.stop();
  };
  const interrupt = () => giveUp(signal.reason);
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  const long = setTimeout(() => {
    const answered = refusal === undefined ? "" : ", which has refused it for now,";
    notice(`waiting for ${who()}${answered} to answer (${what})`);
  }, longMs);
  const limit = setTimeout(() =>
    giveUp(
      refusal ?? new ScopeError(
        "timeout",
        `Cannot ${what}: ${who()} did not answer within ${timeoutMs / 1000} s`,
        {
          hint: "give it longer with --timeout SECONDS, or choose another cluster with --context",
        },
      ),
    ), timeoutMs);
  const again = (error: unknown, waitMs: number) => {
    refusal = error;
    detail(`trying again in ${(waitMs / 1000).toFixed(1)} s: ${translate(what, error, denial).message}`);
  };
  try {
    const stop = until === undefined ? ended.signal : AbortSignal.any([ended.signal, until]);
    const patience = { repeat, limitMs: timeoutMs, signal: stop, again };
    return await Promise.race([patiently(attempt, patience), late.promise]);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // A request that was put off would have been sent again but for the interrupt.
    throw until?.aborted && isPutOff(error) ? until.reason : translate(what, error, denial);
  } finally {
    ended.abort();
    signal.removeEventListener("abort", interrupt);
    clearTimeout(long);
    clearTimeout(limit);
  }
}

/** HTTP status of an error of the API server; undefined for other errors, and for the answer of a proxy before it. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof ScopeError ? error.cause : error;
  const { code, body } = (cause ?? {}) as { code?: unknown; body?: unknown };
  // An API server refuses with an object: any other text is a proxy's, and says nothing of what is behind it.
  if (typeof body === "string" && body.trim() !== "" && !body.trimStart().startsWith("{")) return undefined;
  return typeof code === "number" ? code : undefined;
}
