/**
 * Requests to the API server from this process. kubectl takes 60 ms of CPU time for each, and a run of all tests asks
 * thousands of times.
 */
import assert from "node:assert/strict";

/** A kubeconfig of the harness, which is JSON with one cluster and one user. */
export interface HarnessConfig {
  // deno-lint-ignore no-explicit-any -- tests copy and change it
  readonly clusters: any[];
  // deno-lint-ignore no-explicit-any
  readonly users: any[];
  // deno-lint-ignore no-explicit-any
  readonly contexts: any[];
}

/** Where and with which credentials the harness' user reaches the API server; certificates and key are PEM texts. */
export interface Access {
  readonly server: URL;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Reads the kubeconfig of $KUBECONFIG anew, so that the caller may change it. */
export function readConfig(): HarnessConfig {
  return JSON.parse(Deno.readTextFileSync(Deno.env.get("KUBECONFIG") ?? ""));
}

/** Reads the credentials in $KUBECONFIG. */
export function readAccess(): Access {
  const { clusters: [{ cluster }], users: [{ user }] } = readConfig();
  return {
    server: new URL(cluster.server),
    ca: atob(cluster["certificate-authority-data"]),
    cert: atob(user["client-certificate-data"]),
    key: atob(user["client-key-data"]),
  };
}

let connected: { readonly server: URL; readonly client: Deno.HttpClient } | undefined;

/** Sends a request; returns its status code and its body, which is JSON. Throws a TypeError if the API server does not answer. */
export async function ask(method: string, path: string, object?: unknown): Promise<{ status: number; body: unknown }> {
  connected ??= connect();
  const response = await fetch(new URL(path, connected.server), {
    method,
    client: connected.client,
    ...object === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(object) },
  });
  return { status: response.status, body: await response.json() };
}

/** Sends a request that must succeed; returns the object in the answer. */
export async function request<T>(method: string, path: string, object?: unknown): Promise<T> {
  const { status, body } = await ask(method, path, object);
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}

function connect() {
  const { server, ca, cert, key } = readAccess();
  return { server, client: Deno.createHttpClient({ caCerts: [ca], cert, key }) };
}
