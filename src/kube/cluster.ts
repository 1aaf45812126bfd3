import { defined } from "../lib/defined.ts";
import { onAbort } from "../lib/on_abort.ts";
import type { Access } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import { findContext } from "./find_kubeconfig.ts";
import type { Choice } from "./kubeconfig_choice.ts";
import { namesProxy, proxyFor } from "./proxy.ts";
import { quickApi } from "./quick_api.ts";
import { type QuickConfig, quickConfigOf } from "./quick_config.ts";
import { type Api, isHarmless, type RestRequest } from "./rest.ts";
import { isPutOff, type Repeat, withRetries } from "./retry.ts";
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

/** A connection to the API server of one kubeconfig context. */
export interface Cluster {
  /** Name of the context; empty inside a cluster. */
  readonly context: string;
  /** The context's namespace. */
  readonly namespace: string;
  /** Address of the API server, for messages. */
  readonly server: string;
  /** Makes a request; `what` completes "Cannot …". Throws ScopeError. */
  request<T>(what: string, request: Omit<RestRequest, "signal"> & { repeat?: Repeat }): Promise<T>;
  /** Streams the body of an answer, without a time limit. */
  readonly stream: Api["stream"];
  /** Runs a command in a container, without a time limit. */
  readonly exec: Api["exec"];
  /**
   * Calls the API server, with retries where they may help, and translates its errors. Prints a notice when the call takes
   * long, and gives up at the limit.
   */
  call<T>(what: string, attempt: () => Promise<T>, options: CallOptions): Promise<T>;
  /** The same cluster for requests that an interrupt must not abort, such as cleaning up. */
  readonly uninterrupted: Cluster;
}

export interface CallOptions {
  repeat: Repeat;
  /** Stops further attempts, but not one in flight. */
  until?: AbortSignal;
  /** Rights that the call needs, for refusals that do not name them. */
  rights?: readonly Access[];
}

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  /** Limit of one call, in milliseconds. */
  timeoutMs: number;
  /** Prints a notice for the user. */
  notice(text: string): void;
  /** Prints details, for `-v`. */
  detail?(text: string): void;
  /** Lets a credential plugin prompt at the terminal. */
  interactive?: boolean;
  /** Leaves the work to the process whose terminal it is; undefined if it is this one. */
  handBack?: () => Promise<never>;
  /** Environment variables for kubeconfigs and proxies. */
  env?: Readonly<Record<string, string>>;
  /** Interrupt: ends every wait, with its reason. */
  signal: AbortSignal;
}

/** The options that choose a context. */
export type ContextOptions = Pick<ClusterOptions, "kubeconfig" | "context" | "env">;

/** Time after which a notice says that a call takes long, in milliseconds. */
const longMs = 4000;

/** Returns the namespace of the kubeconfig's context; undefined without a kubeconfig or current context. Throws ScopeError. */
export function contextNamespace(options: ContextOptions): string | undefined {
  try {
    return findContext(options)?.namespace;
  } catch (error) {
    if (error instanceof ScopeError && options.kubeconfig === undefined && isAbsent(error)) return undefined;
    throw error;
  }
}

/** Returns true for the error of a kubeconfig that does not exist or has no cluster. */
function isAbsent({ reason, cause }: ScopeError): boolean {
  return reason === "noCluster" || (cause as { code?: string } | undefined)?.code === "ENOENT";
}

/** Makes requests by the client library, which is loaded for the first one. */
function apiOfLibrary(load: () => Promise<Api>): Api {
  let loading: Promise<Api> | undefined, loaded: Api | undefined;
  const library = () => loading ??= load().then((api) => loaded = api);
  return {
    request: async (request) => await (await library()).request(request),
    stream: async (request) => await (await library()).stream(request),
    exec: async (request) => await (await library()).exec(request),
    get plugin() {
      return loaded?.plugin;
    },
    stopPlugin: () => loaded?.stopPlugin(),
  };
}

/** The API servers that were asked, by their configuration: their connections are used again. */
const asked = new Map<string, Api>();

const loadLibrary = async () => {
  await import("./errors_at_load.ts");
  return await import("./library_api.ts");
};

/** Returns the configuration with which Deno itself asks the API server; undefined where that takes the client library. */
function quickConfigFor(choice: Choice, env: Readonly<Record<string, string>>): QuickConfig | undefined {
  // Deno reads the variables of proxies by other rules than kubectl.
  return namesProxy(env) ? undefined : quickConfigOf(choice);
}

/**
 * Loads the client library if the context needs it, for a credential plugin or anything else. Returns true if it does not; false
 * also for a kubeconfig that cannot be read.
 */
export async function preloadFor(options: ContextOptions): Promise<boolean> {
  try {
    const choice = findContext(options);
    if (choice !== undefined && quickConfigFor(choice, options.env ?? {}) !== undefined) return true;
    await loadLibrary();
  } catch {
    // The command says what is wrong with the kubeconfig.
  }
  return false;
}

/** Returns the means to ask the API server of a context. */
function apiOf(choice: Choice, { interactive = false, notice, handBack, env = {} }: ClusterOptions): Api {
  const library = apiOfLibrary(async () =>
    (await loadLibrary()).libraryApi(choice, { interactive, notice, ...defined({ handBack }) })
  );
  const quick = quickConfigFor(choice, env);
  if (quick === undefined) return library;
  const key = JSON.stringify(quick), api = asked.get(key) ?? quickApi(quick, library);
  asked.set(key, api);
  return api;
}

/** Loads the cluster of a kubeconfig. Throws ScopeError: unreachable when there is none, and notFound. */
export function loadCluster(options: ClusterOptions): Cluster {
  const { timeoutMs, notice, detail = () => {}, signal } = options;
  const choice = findContext(options);
  if (choice === undefined) {
    throw new ScopeError("unreachable", "there is no kubeconfig", {
      task: "find a cluster",
      reason: "noCluster",
      hint: "set KUBECONFIG, or give --kubeconfig FILE",
    });
  }
  const { server, "proxy-url": given } = choice.cluster, proxy = given || proxyFor(server, options.env ?? {}) || "";
  const api = apiOf({ ...choice, cluster: { ...choice.cluster, "proxy-url": proxy } }, options);
  const make = (signal: AbortSignal, interrupt = signal): Cluster => {
    const common = { server, api, timeoutMs, notice, detail, signal };
    const call: Cluster["call"] = (what, attempt, options) => limited(what, attempt, { ...common, ...options });
    return {
      context: choice.context,
      namespace: choice.namespace,
      server,
      request<T>(what: string, { repeat, ...rest }: Omit<RestRequest, "signal"> & { repeat?: Repeat }) {
        const limit = AbortSignal.timeout(timeoutMs + 1000), harmless = isHarmless(rest);
        // An interrupt does not abort a request in flight, but prevents a deferred one from being sent.
        const until = harmless || rest.method === "DELETE" ? {} : { until: interrupt };
        return call(what, () => api.request<T>({ ...rest, signal: limit }), {
          repeat: repeat ?? (harmless ? "always" : "refused"),
          ...until,
        });
      },
      stream: api.stream,
      exec: api.exec,
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
  { server, api, timeoutMs, notice, detail, repeat, until, signal, ...denial }:
    & Required<Pick<ClusterOptions, "timeoutMs" | "notice" | "detail" | "signal">>
    & CallOptions
    & Denial
    & {
      server: string;
      api: Api;
    },
): Promise<T> {
  const gaveUp = Promise.withResolvers<never>(), ended = new AbortController();
  const who = () => api.plugin === undefined ? `the API server ${server}` : `the kubeconfig's plugin "${api.plugin}"`;
  let refusal: unknown;
  const giveUp = (reason: unknown) => {
    gaveUp.reject(reason);
    api.stopPlugin();
  };
  using _abort = onAbort(signal, () => giveUp(signal.reason));
  const long = setTimeout(() => {
    const answered = refusal === undefined ? "" : ", which has refused it for now,";
    notice(`waiting for ${who()}${answered} to answer (${what})`);
  }, longMs);
  const limit = setTimeout(() =>
    giveUp(
      refusal ?? new ScopeError(
        "timeout",
        `${who()} did not answer within ${timeoutMs / 1000} s`,
        {
          task: what,
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
    const options = { repeat, limitMs: timeoutMs, signal: stop, again };
    return await Promise.race([withRetries(attempt, options), gaveUp.promise]);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // Without the interrupt, a deferred request would have been sent again.
    throw until?.aborted && isPutOff(error) ? until.reason : translate(what, error, denial);
  } finally {
    ended.abort();
    clearTimeout(long);
    clearTimeout(limit);
  }
}

/** Returns the HTTP status of an API server's error; undefined for other errors, and for answers of a proxy in front of it. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof ScopeError ? error.cause : error;
  const { code, body } = (cause ?? {}) as { code?: unknown; body?: unknown };
  // An API server refuses with a JSON object: any other text comes from a proxy, and says nothing about the API server.
  if (typeof body === "string" && body.trim() !== "" && !body.trimStart().startsWith("{")) return undefined;
  return typeof code === "number" ? code : undefined;
}
