import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { joined } from "../../src/lib/bytes.ts";
import { Network } from "../../src/manager/server/redirect/network.ts";
import { startConnect } from "../../src/manager/server/redirect/socket_calls.ts";
import { TcpSocket } from "../../src/manager/server/redirect/tcp_socket.ts";
import { outcome } from "./cluster_script.ts";
import type { Pod } from "./kube.ts";
import { nodeProcesses, podProcesses } from "./node_processes.ts";

/** Access to a pod's network namespace from this machine: starts clients in it, and reads its rules. */
export class PodNetwork implements Disposable {
  readonly #network: Network;

  constructor({ metadata }: Pod) {
    const [process] = podProcesses(metadata.uid);
    assert.ok(process, `pod ${metadata.name} has no process`);
    this.#network = new Network(process.pid, false);
  }

  /** Connects from the pod's network. */
  async connect(address: string, port: number, limitMs = 5000): Promise<TcpSocket> {
    const make = () => this.#network.within(() => startConnect({ address, port }, 0));
    return await TcpSocket.connect(make, AbortSignal.timeout(limitMs));
  }

  /** Makes one HTTP request from the pod's network, and returns the whole answer. */
  async get(address: string, port: number, path = "/"): Promise<string> {
    const socket = await this.connect(address, port);
    await socket.write(new TextEncoder().encode(`GET ${path} HTTP/1.0\r\nHost: test\r\n\r\n`));
    return new TextDecoder().decode(await readAll(socket));
  }

  /** Lists the tables of scope in the pod's network, with their content. */
  async tables(): Promise<string[]> {
    // Debian's older nft crashes on tables whose owner it does not see: prefer the image's nft if a manager runs.
    const manager = nodeProcesses().find(({ argv }) =>
      argv[0] === "/usr/bin/deno" && argv.some((word) => word.endsWith("/manager.js"))
    );
    const mount = manager === undefined ? [] : [`--mount=/proc/${manager.pid}/ns/mnt`];
    const [program = "", ...enter] = this.#network.enter.slice(0, -1);
    const { code, stdout, stderr } = await outcome(program, [
      ...enter,
      ...mount,
      "--",
      "/usr/sbin/nft",
      "list",
      "ruleset",
    ]);
    assert.equal(code, 0, stderr);
    return stdout.split(/^(?=table )/m).filter((table) => /^table inet scope/.test(table));
  }

  /** Runs a command in the pod's network. */
  async run(...argv: string[]): Promise<string> {
    const [program = "", ...args] = [...this.#network.enter, ...argv];
    const { code, stdout, stderr } = await outcome(program, args);
    assert.equal(code, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}

/** Reads everything until the end; ends the other direction first. */
export async function readAll(socket: TcpSocket, { end = true } = {}): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  if (end) socket.end();
  for (let piece = await socket.read(); piece !== undefined; piece = await socket.read()) pieces.push(piece);
  return joined(pieces);
}

/** A TCP server on this machine, which stands for an application on a developer's laptop. */
export class Laptop implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async open(serve: (socket: Socket) => void, port = 0, host = "127.0.0.1"): Promise<Laptop> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, serve);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    return new Laptop(server, (server.address() as { port: number }).port);
  }

  /** Starts a server that answers every HTTP request with a text. */
  static web(text: string, port = 0, host?: string): Promise<Laptop> {
    return Laptop.open(
      (socket) => {
        socket.once("data", () => socket.end(`HTTP/1.0 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`));
      },
      port,
      host,
    );
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
