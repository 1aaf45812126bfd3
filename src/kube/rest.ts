import type { Readable, Writable } from "node:stream";
import { type AnswerHeaders, StatusError } from "./status_error.ts";

/** Requests to the API server of one context, with its credentials. Answers are not converted. */
export interface Api {
  /** Throws StatusError for a refusal, and what the connection fails with. */
  request<T>(request: RestRequest): Promise<T>;
  /** Streams the answer's body; destroying it ends the request. Throws as `request` does, also in the middle of the body. */
  stream(request: Pick<RestRequest, "path" | "query" | "signal">): Promise<AnswerBody>;
  /** Runs a command in a container. Throws as `request` does. */
  exec(request: ExecRequest): Promise<ExecSocket>;
  /** Command of the credential plugin that runs. */
  readonly plugin: string | undefined;
  /** Ends the running plugin, if any. */
  stopPlugin(): void;
}

export interface RestRequest {
  /** A PATCH is a strategic merge patch. */
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path from the server's root, for example `/api/v1/namespaces/shop/pods`. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  signal: AbortSignal;
}

export type AnswerBody = AsyncIterable<Uint8Array> & { destroy(): void };

export interface ExecRequest {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  input: Readable;
  output: Writable;
  errors: Writable;
  /** Called when the command has ended, or could not be started. */
  onStatus(status: ExecStatus): void;
}

/** A Status object (meta/v1), as far as exec needs it. */
export interface ExecStatus {
  status?: string;
  message?: string;
}

/** The connection of a running command. */
export interface ExecSocket {
  /** Bytes that were sent to it and are not handed to the kernel yet. */
  readonly bufferedAmount: number;
  close(): void;
  /** Stops reading, so that the command has to wait; `resume` goes on. */
  pause(): void;
  resume(): void;
  on(event: "close", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/** Returns the URL of a request. */
export function urlOf(server: string, { path, query }: Pick<RestRequest, "path" | "query">): URL {
  const url = new URL(server + path);
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(key, value);
  return url;
}

/** Returns the headers of a request, without those of the credentials. */
export function headersOf({ method }: Pick<RestRequest, "method">): Record<string, string> {
  return {
    accept: "application/json, */*",
    "content-type": method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json",
  };
}

/** Returns the object in the body of an answer. Throws StatusError if it is a refusal, or no object. */
export function objectOf<T>(
  { ok, status, headers, redirected, url }: {
    ok: boolean;
    status: number;
    headers: Iterable<[string, string]>;
    redirected: boolean;
    url: string;
  },
  text: string,
): T {
  if (ok) {
    try {
      return JSON.parse(text) as T;
    } catch {
      // a web page, for example of a login
    }
  }
  throw new StatusError(status, text, Object.fromEntries(headers), redirected ? url : undefined);
}

/** Returns true for a web page, for example of a login: neither objects nor logs are HTML. */
export function isPage(headers: AnswerHeaders): boolean {
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
