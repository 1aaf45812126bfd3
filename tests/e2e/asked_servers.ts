import assert from "node:assert/strict";
import http from "node:http";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { outcome } from "./cluster_script.ts";

/** The parts of a request that a kubeconfig decides. */
export interface Asked {
  /** Scheme, and the path prefix before the API's path. */
  server: string;
  namespace: string;
  authorization?: string;
  /** Subject of the client's certificate. */
  certificate?: string;
  impersonated?: string;
}

/** Matches the path of an API request; captures prefix, namespace and name. */
const pattern = /^(.*)\/api\/v1\/namespaces\/([^/]*)\/(?:serviceaccounts|pods)\/([^/]*)\/(?:token|exec)/;

/** Fake API servers with and without TLS, which record the requests for tokens of service accounts. */
export class AskedServers implements AsyncDisposable {
  readonly #asked = new Map<string, Asked[]>();

  private constructor(
    /** Directory of certificates: ca.crt, the issuer of the server's; me.crt and me.key for a client; and other.crt. */
    readonly directory: string,
    private readonly servers: readonly http.Server[],
  ) {
    for (const server of servers) {
      server.on("request", (request: IncomingMessage, response: http.ServerResponse) => {
        const found = this.#note(request);
        response.writeHead(found ? 201 : 404, { "content-type": "application/json" });
        const body = { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", status: { token: "given" } };
        response.end(JSON.stringify(body));
      });
      server.on("upgrade", (request: IncomingMessage, socket: import("node:stream").Duplex) => {
        this.#note(request);
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      });
    }
  }

  static async start(): Promise<AskedServers> {
    const directory = await Deno.makeTempDir({ prefix: "scope-asked-" });
    const issue = async (name: string, ...more: string[]) => {
      const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
      const files = ["-keyout", `${directory}/${name}.key`, "-out", `${directory}/${name}.crt`];
      const args = ["req", "-x509", "-nodes", ...kind, "-days", "1", "-subj", `/CN=${name}`, ...files, ...more];
      const { code, stderr } = await outcome("openssl", args);
      assert.equal(code, 0, stderr);
    };
    await Promise.all(["ca", "me", "other"].map((name) => issue(name)));
    await issue("server", ...["-CA", `${directory}/ca.crt`, "-CAkey", `${directory}/ca.key`], ...[
      ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ]);
    const [key, cert] = await Promise.all(["key", "crt"].map((end) => Deno.readTextFile(`${directory}/server.${end}`)));
    const tls = https.createServer({ key: key!, cert: cert!, requestCert: true, rejectUnauthorized: false });
    const servers = [tls as unknown as http.Server, http.createServer()];
    await Promise.all(
      servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()))),
    );
    return new AskedServers(directory, servers);
  }

  /** `127.0.0.1:PORT` of the servers with and without TLS. */
  get hosts(): { tls: string; plain: string } {
    const [tls, plain] = this.servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
    return { tls: tls!, plain: plain! };
  }

  /** Returns the requests for this name. */
  askedBy(name: string): Asked[] {
    return this.#asked.get(name) ?? [];
  }

  #note({ url = "", headers, socket }: IncomingMessage): boolean {
    const [, before = "", namespace = "", name] = pattern.exec(url) ?? [];
    if (name === undefined) return false;
    const scheme = socket === undefined ? "" : "encrypted" in socket ? "https" : "http";
    const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.()?.subject?.CN;
    const { authorization, "impersonate-user": impersonated } = headers;
    this.#asked.set(name, [...this.askedBy(name), {
      server: `${scheme}:${before}`,
      namespace,
      ...(authorization === undefined ? {} : { authorization }),
      ...(certificate === undefined ? {} : { certificate: String(certificate) }),
      ...(impersonated === undefined ? {} : { impersonated: String(impersonated) }),
    }]);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    }));
    await Deno.remove(this.directory, { recursive: true });
  }
}
