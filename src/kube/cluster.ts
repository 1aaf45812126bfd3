import { Exec, loadYaml, Watch } from "@kubernetes/client-node";
import type { Access } from "../access.ts";
import { askFor } from "../access.ts";
import { ScopeError } from "../errors.ts";
import { makeRequest, type RequestStream, type RestRequest } from "./rest.ts";
import { Config } from "./config.ts";
import type { Denial } from "./translate.ts";
import { translate } from "./translate.ts";

export type {
  CoreV1EventList,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1EphemeralContainer,
  V1Node,
  V1Pod,
} from "@kubernetes/client-node";

/** Reads one YAML document. */
export const parseYaml: (text: string) => unknown = loadYaml;

/** A connection to the API server of one kubeconfig context. */
export interface Cluster {
  readonly exec: Exec;
  readonly watch: Watch;
  /** Name of the context; empty inside a cluster. */
  readonly context: string;
  /** The context's namespace. */
  readonly namespace: string;
  /** Address of the API server, for messages. */
  readonly server: string;
  /** One request; `what` completes "Cannot …". Throws ScopeError. */
  request<T>(what: string, request: Omit<RestRequest, "signal">): Promise<T>;
  /** The body of an answer as it comes, without a limit of time. Throws StatusError, or what undici throws. */
  readonly stream: RequestStream;
  /**
   * Awaits an answer of the API server, with its error translated. One that takes long is told of, and given up at the
   * limit. `asked` are the rights that it takes, where a refusal does not say them.
   */
  call<T>(what: string, answer: Promise<T>, asked?: readonly Access[]): Promise<T>;
  /** The hint for who lacks these rights. */
  askFor(missing: readonly Access[]): string;
  /** The same cluster for what must be done in any case, as cleaning up. */
  readonly uninterrupted: Cluster;
}

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  /** Limit of one call, in milliseconds. */
  timeoutMs: number;
  /** Words to people. */
  say(text: string): void;
  /** The hint for who lacks these rights, where `namespace` is the context's. */
  advise?: (missing: readonly Access[], namespace: string) => string;
  /** Ends every wait, with its reason. */
  signal: AbortSignal;
}

/** When to say that a call takes long, in milliseconds. */
const longMs = 4000;

/**
 * Reads the kubeconfig as kubectl does: the file given, else the merged files of $KUBECONFIG, else ~/.kube/config, else
 * the pod's own service account. Nothing when there is none.
 *
 * Throws ScopeError: unreachable when it cannot be read, notFound when there is no such context or file.
 */
function readConfig({ kubeconfig, context }: Pick<ClusterOptions, "kubeconfig" | "context">): Config | undefined {
  const config = new Config();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    if (kubeconfig !== undefined && (error as { code?: string }).code === "ENOENT") {
      throw new ScopeError("notFound", `Cannot find the kubeconfig "${kubeconfig}"`, { cause: error });
    }
    throw new ScopeError("unreachable", "Cannot read the kubeconfig", {
      cause: error,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new ScopeError("notFound", `Cannot find the context "${context}" in the kubeconfig`, {
        hint: names.length === 0 ? "the kubeconfig has no contexts" : `it has ${names.join(", ")}`,
      });
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  // What loadFromDefault falls back to when it found nothing at all.
  const none = cluster === null || (cluster.name === "cluster" && cluster.server === "http://localhost:8080");
  return none ? undefined : config;
}

function namespaceOf(config: Config): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
}

/** The namespace of the kubeconfig's context; nothing where there is no kubeconfig. Throws ScopeError. */
export function contextNamespace(options: Pick<ClusterOptions, "kubeconfig" | "context">): string | undefined {
  try {
    const config = readConfig(options);
    return config === undefined ? undefined : namespaceOf(config);
  } catch (error) {
    const missing = ((error as ScopeError).cause as { code?: string } | undefined)?.code === "ENOENT";
    if (missing && options.kubeconfig === undefined) return undefined; // what $KUBECONFIG names is not there
    throw error;
  }
}

/** Loads the cluster of a kubeconfig. Throws ScopeError: unreachable when there is none, and notFound. */
export function loadCluster(options: ClusterOptions): Cluster {
  const { timeoutMs, say, signal, advise = (missing) => askFor(missing) } = options;
  const config = readConfig(options), cluster = config?.getCurrentCluster();
  if (config === undefined || !cluster) {
    throw new ScopeError("unreachable", "Cannot find a cluster: there is no kubeconfig", {
      hint: "set KUBECONFIG, or give --kubeconfig FILE",
    });
  }
  // The library wants it said that without TLS nothing is verified; kubectl takes `kubectl proxy` as it is.
  if (cluster.server.startsWith("http:")) {
    config.clusters = config.clusters.map((each) => each === cluster ? { ...each, skipTLSVerify: true } : each);
  }
  const { request, stream } = makeRequest(config), exec = new Exec(config), watch = new Watch(config);
  const namespace = namespaceOf(config), adviseHere = (missing: readonly Access[]) => advise(missing, namespace);
  const make = (signal: AbortSignal): Cluster => {
    const call = <T>(what: string, answer: Promise<T>, asked?: readonly Access[]) =>
      limited(what, answer, {
        ...{ server: cluster.server, timeoutMs, say, signal, askFor: adviseHere },
        ...asked === undefined ? {} : { asked },
      });
    return {
      exec,
      watch,
      context: config.getCurrentContext() ?? "",
      namespace,
      askFor: adviseHere,
      server: cluster.server,
      request: (what, rest) => call(what, request({ ...rest, signal: AbortSignal.timeout(timeoutMs + 1000) })),
      stream,
      call,
      get uninterrupted() {
        return make(new AbortController().signal);
      },
    };
  };
  return make(signal);
}

async function limited<T>(
  what: string,
  promise: Promise<T>,
  { server, timeoutMs, say, signal, ...denial }: Pick<ClusterOptions, "timeoutMs" | "say" | "signal"> & Denial & {
    server: string;
  },
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const interrupt = () => late.reject(signal.reason);
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  const long = setTimeout(() => say(`waiting for the API server ${server} to answer (${what})`), longMs);
  const limit = setTimeout(() =>
    late.reject(
      new ScopeError(
        "timeout",
        `Cannot ${what}: the API server ${server} did not answer within ${timeoutMs / 1000} s`,
        {
          hint: "give it longer with --timeout SECONDS, or choose another cluster with --context",
        },
      ),
    ), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } catch (error) {
    throw signal.aborted ? signal.reason : translate(what, error, denial);
  } finally {
    signal.removeEventListener("abort", interrupt);
    clearTimeout(long);
    clearTimeout(limit);
  }
}

/** HTTP status of an error of the API server; nothing for other errors. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof ScopeError ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "number" ? code : undefined;
}
