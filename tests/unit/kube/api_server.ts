import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { AddressInfo } from "node:net";
import type { Cluster, ClusterOptions } from "../../../src/kube/cluster.ts";
import { loadCluster } from "../../../src/kube/cluster.ts";
// Loaded when it is first needed otherwise, and tests have short limits.
import "../../../src/kube/errors_at_load.ts";
import "../../../src/kube/library_api.ts";

export interface Answer {
  status: number;
  /** A string is sent as it is, any other value as JSON. */
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** Makes an answer with a Status object, see the API conventions of Kubernetes. */
export function status(code: number, reason: string, message: string, details: unknown = {}): Answer {
  return {
    status: code,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, details, code },
  };
}

/** Makes a self-signed certificate for this machine, and its key. */
export function selfSigned(): { key: string; cert: string } {
  const file = Deno.makeTempFileSync({ prefix: "scope-api-" });
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=test"];
  const leaf = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
  const { success, stdout, stderr } = new Deno.Command("openssl", {
    args: ["req", "-x509", "-nodes", "-days", "1", ...kind, ...leaf, "-keyout", file],
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const made = { key: Deno.readTextFileSync(file), cert: new TextDecoder().decode(stdout) };
  Deno.removeSync(file);
  return made;
}

/**
 * Starts an HTTP server as an API server, with the real client for it. `tls` is required to receive credentials; with
 * `trusted` the kubeconfig is a plain one, which has the server's certificate.
 */
export async function apiServer(
  answer: (method: string, path: string, body: string, headers: IncomingHttpHeaders) => Answer | Promise<Answer>,
  { tls = false, ...options }: Partial<Limits> & { tls?: boolean | "trusted" } = {},
): Promise<AsyncDisposable & { cluster: Cluster; directory: string; asked: string[]; connections(): number }> {
  const asked: string[] = [];
  let connections = 0;
  const answerTo = async ({ method = "", url = "", headers }: IncomingMessage, sent = "") => {
    asked.push(`${method} ${url}`);
    const { status, body, headers: more = {} } = await answer(method, url, sent, headers);
    return { status, more, text: typeof body === "string" ? body : JSON.stringify(body) };
  };
  const pair = tls ? selfSigned() : undefined;
  const server = pair === undefined ? http.createServer() : https.createServer(pair) as unknown as http.Server;

  server.on("request", async (request: IncomingMessage, response: http.ServerResponse) => {
    const sent = await new Response(Readable.toWeb(request) as ReadableStream).text().catch(() => undefined);
    if (sent === undefined) return; // the client has gone away
    const { status, more, text } = await answerTo(request, sent);
    response.writeHead(status, { "content-type": text.startsWith("{") ? "application/json" : "text/plain", ...more });
    response.end(text);
  });
  // An exec is a websocket upgrade; a refusal is a plain answer.
  server.on("upgrade", async (request, socket) => {
    const { status, more, text } = await answerTo(request);
    const headers = Object.entries({ ...more, "content-length": Buffer.byteLength(text), connection: "close" });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(`HTTP/1.1 ${status} Refused\r\n${lines}\r\n${text}`);
  });
  server.on(pair === undefined ? "connection" : "secureConnection", () => connections += 1);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const directory = Deno.makeTempDirSync({ prefix: "scope-api-" });
  if (pair !== undefined) Deno.writeTextFileSync(`${directory}/server.crt`, pair.cert);
  const address = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = clusterAt(directory, address, { ...options, ...tls === "trusted" ? { authority: pair!.cert } : {} });
  return {
    cluster,
    directory,
    asked,
    /** Number of connections that were made. */
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** Makes the real client for an API server at this address, with its certificate if `authority` is given. */
export function clusterAt(
  directory: string,
  server: string,
  { authority, ...options }: Partial<Limits> & { authority?: string } = {},
): Cluster {
  const trust = authority === undefined
    ? { "insecure-skip-tls-verify": true }
    : { "certificate-authority-data": btoa(authority) };
  const kubeconfig = `${directory}/kubeconfig`;
  Deno.writeTextFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server, ...trust } }],
      users: [{ name: "test", user: { token: "token" } }],
      contexts: [
        { name: "test", context: { cluster: "test", user: "test", namespace: "shop" } },
        { name: "other", context: { cluster: "test", user: "test" } },
      ],
    }),
  );
  return loadCluster({ kubeconfig, ...limits, ...options });
}

type Limits = Pick<ClusterOptions, "timeoutMs" | "notice" | "detail" | "signal">;

/** Default options: a timeout that no test reaches, and ignored notices. */
export const limits = { timeoutMs: 10_000, notice() {}, signal: new AbortController().signal };
