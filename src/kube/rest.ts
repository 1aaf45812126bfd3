import { HttpMethod, RequestContext } from "@kubernetes/client-node";
import { type Dispatcher, fetch, request as requestOf } from "undici";
import { defined } from "../lib/defined.ts";
import { onAbort } from "../lib/on_abort.ts";
import type { Config } from "./config.ts";
import { type AnswerHeaders, StatusError } from "./status_error.ts";

export interface RestRequest {
  /** A PATCH is a strategic merge patch. */
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path from the server's root, for example `/api/v1/namespaces/shop/pods`. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  signal: AbortSignal;
}

/** Time for which connections are reused, in milliseconds: the library makes new ones per request, in case of new credentials. */
const reuseMs = 60_000;

export type Request = <T>(request: RestRequest) => Promise<T>;

/** Streams the answer's body; destroying it ends the request. */
export type RequestStream = (
  request: Pick<RestRequest, "path" | "query" | "signal">,
) => Promise<AsyncIterable<Uint8Array> & { destroy(): void }>;

/**
 * Makes functions for requests with the credentials of a kubeconfig; answers are not converted. The client library's typed
 * calls need a description of every Kubernetes type in memory, and loading that takes longer than all the rest.
 *
 * A request throws StatusError, or what fetch throws.
 */
export function makeRequest(config: Config): { request: Request; stream: RequestStream } {
  let connections: { dispatcher: Dispatcher | undefined; until: number; credential: unknown } | undefined;
  const prepare = async ({ method, path, query, body, signal }: RestRequest) => {
    const url = new URL(config.getCurrentCluster()!.server + path);
    for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(key, value);
    const context = new RequestContext(url.toString(), HttpMethod[method]);
    signal.throwIfAborted();
    {
      using _abort = onAbort(signal, () => config.plugin.stop());
      await config.applySecurityAuthentication(context);
    }
    signal.throwIfAborted();
    const { credential } = config.plugin;
    if (connections === undefined || performance.now() > connections.until || connections.credential !== credential) {
      connections = { dispatcher: context.getDispatcher(), until: performance.now() + reuseMs, credential };
    }
    const { dispatcher } = connections;
    return {
      url,
      headers: {
        ...context.getHeaders(),
        accept: "application/json, */*",
        "content-type": method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...defined({ dispatcher }),
    };
  };
  return {
    request: <T>(request: RestRequest) =>
      config.renewing(async (): Promise<T> => {
        const { method, signal } = request, { url, ...options } = await prepare(request);
        const answer = await fetch(url, { method, signal, ...options });
        const text = await answer.text(), elsewhere = answer.redirected ? answer.url : undefined;
        const refusal = () => new StatusError(answer.status, text, Object.fromEntries(answer.headers), elsewhere);
        if (!answer.ok) throw refusal();
        try {
          return JSON.parse(text) as T;
        } catch {
          throw refusal(); // a web page, for example of a login
        }
      }),
    stream: (request) =>
      config.renewing(async () => {
        const { signal } = request, { url, ...options } = await prepare({ method: "GET", ...request });
        // Not fetch: it hides that a connection broke in the middle of an answer. Timeouts are up to the caller.
        const quiet = { headersTimeout: 0, bodyTimeout: 0 };
        const { statusCode, headers, body } = await requestOf(url, { method: "GET", signal, ...quiet, ...options });
        if (statusCode === 200 && !isPage(headers)) return body;
        throw new StatusError(statusCode, await body.text(), headers);
      }),
  };
}

/** Returns true for a web page, for example of a login: neither objects nor logs are HTML. */
function isPage(headers: AnswerHeaders): boolean {
  return /^text\/html\b/i.test(String(headers["content-type"] ?? ""));
}

/** Returns true for a request that changes nothing, and so may be repeated even if it might have been carried out. */
export function isHarmless({ method, path, query }: Pick<RestRequest, "method" | "path" | "query">): boolean {
  return method === "GET" || query?.dryRun === "All" || /^\/apis\/auth\w+\.k8s\.io\/.*reviews$/.test(path);
}

/** Returns the path of the pods of a namespace, or of one of them. */
export function podPath(namespace: string, name?: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods${
    name === undefined ? "" : `/${encodeURIComponent(name)}`
  }`;
}
