import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { type Access, readAccess, readConfig } from "./api.ts";
import type { ScopeOptions } from "./scope.ts";

/** A change that the proxy makes to a request, or an answer that it gives instead. */
export interface Fault {
  /** Pattern of the affected requests, as `GET /api/…?…`. */
  readonly of: RegExp;
  /** Remaining number of requests to change; missing: all. */
  times?: number;
  /** Answer of the proxy itself. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  /** Forwards the request without its websocket upgrade. */
  readonly stripUpgrade?: true;
}

/** An HTTP proxy in this process for the real API server, with the user of $KUBECONFIG. It injects the faults of a test. */
export class ApiProxy implements AsyncDisposable {
  faults: Fault[] = [];
  readonly #server: http.Server;

  private constructor(private readonly upstream: Access, readonly kubeconfig: string) {
    this.#server = http.createServer((request, response) => this.#pass(request, response, this.#take(request)));
    this.#server.on("upgrade", (request, near, head) => {
      const fault = this.#take(request);
      if (fault !== undefined) {
        const response = new http.ServerResponse(request);
        response.assignSocket(near as never);
        response.on("finish", () => near.end());
        return this.#pass(request, response, fault);
      }
      const { server: { hostname, port }, ...credentials } = upstream;
      const far = connect({ ...credentials, host: hostname, port: Number(port) }, () => {
        const lines = [`${request.method} ${request.url} HTTP/1.1`];
        for (let at = 0; at < request.rawHeaders.length; at += 2) {
          lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
        }
        far.write(`${lines.join("\r\n")}\r\n\r\n`);
        if (head.length > 0) far.write(head);
        near.on("data", (bytes) => far.write(bytes));
      });
      far.on("data", (bytes) => near.write(bytes));
      for (const [one, other] of [[near, far], [far, near]] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
    });
  }

  static async open(): Promise<ApiProxy> {
    const config = readConfig();
    const proxy = new ApiProxy(readAccess(), await Deno.makeTempFile({ prefix: "scope-kubeconfig-" }));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    config.clusters[0].cluster = { server: `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}` };
    config.users[0].user = {};
    await Deno.writeTextFile(proxy.kubeconfig, JSON.stringify(config));
    return proxy;
  }

  /** Options with which scope uses the proxy. */
  get options(): ScopeOptions {
    return { env: { KUBECONFIG: this.kubeconfig } };
  }

  #take({ method, url }: IncomingMessage): Fault | undefined {
    const fault = this.faults.find(({ of, times = 1 }) => times > 0 && of.test(`${method} ${url}`));
    if (fault?.times !== undefined) fault.times -= 1;
    return fault;
  }

  #pass(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
    if (fault?.answer !== undefined) {
      const { status, headers = {}, body = "" } = fault.answer;
      response.writeHead(status, { "content-type": "text/plain", ...headers, "content-length": body.length });
      return void response.end(body);
    }
    const headers = Object.entries(request.headers).filter(([name]) =>
      fault?.stripUpgrade === undefined || !/^(connection|upgrade|sec-websocket-.*)$/.test(name)
    );
    const { method, url } = request, { server, ...credentials } = this.upstream;
    const far = https.request(new URL(url ?? "", server), {
      ...credentials,
      method,
      headers: Object.fromEntries(headers) as http.OutgoingHttpHeaders,
    }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    far.on("error", () => response.destroy());
    response.on("close", () => far.destroy());
    request.pipe(far);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await Deno.remove(this.kubeconfig);
  }
}
