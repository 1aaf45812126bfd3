import { Exec, loadYaml, Watch } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import { makeRequest, type RestRequest } from "./rest.ts";
import { Config } from "./config.ts";
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
  /**
   * Awaits an answer of the API server, with its error translated. One that takes long is told of, and given up at the
   * limit.
   */
  call<T>(what: string, answer: Promise<T>): Promise<T>;
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
  /** Ends every wait, with its reason. */
  signal: AbortSignal;
}

/** When to say that a call takes long, in milliseconds. */
const longMs = 4000;

/**
 * Loads the kubeconfig as kubectl does: the file given, else the merged files of $KUBECONFIG, else ~/.kube/config, else
 * the pod's own service account.
 *
 * Throws ScopeError: unreachable when there is none, notFound when there is no such context or file.
 */
export function loadCluster({ kubeconfig, context, timeoutMs, say, signal }: ClusterOptions): Cluster {
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
  if (cluster === null || (cluster.name === "cluster" && cluster.server === "http://localhost:8080")) {
    throw new ScopeError("unreachable", "Cannot find a cluster: there is no kubeconfig", {
      hint: "set KUBECONFIG, or give --kubeconfig FILE",
    });
  }
  // The library wants it said that without TLS nothing is verified; kubectl takes `kubectl proxy` as it is.
  if (cluster.server.startsWith("http:")) {
    config.clusters = config.clusters.map((each) => each === cluster ? { ...each, skipTLSVerify: true } : each);
  }
  const request = makeRequest(config), exec = new Exec(config), watch = new Watch(config);
  const make = (signal: AbortSignal): Cluster => {
    const call = <T>(what: string, answer: Promise<T>) =>
      limited(what, answer, { server: cluster.server, timeoutMs, say, signal });
    return {
      exec,
      watch,
      context: config.getCurrentContext() ?? "",
      namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
      server: cluster.server,
      request: (what, rest) => call(what, request({ ...rest, signal: AbortSignal.timeout(timeoutMs + 1000) })),
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
  { server, timeoutMs, say, signal }: Pick<ClusterOptions, "timeoutMs" | "say" | "signal"> & { server: string },
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
    throw signal.aborted ? signal.reason : translate(what, error);
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
