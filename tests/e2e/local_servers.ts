import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";

/** Answer of the local servers, by which a client recognizes them. */
export const LAPTOP = "LAPTOP";

/** Local servers of a developer: one for HTTP, and one that greets and then echoes. */
export class LocalServers implements AsyncDisposable {
  /** Status of the HTTP answers. */
  status = 200;
  /** Number of HTTP requests received. */
  requests = 0;
  readonly #http: Server;
  readonly #tcp: TcpServer;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#http = createServer((_, response) => {
      this.requests += 1;
      response.writeHead(this.status, { "content-type": "text/plain" });
      response.end(`${LAPTOP}\n`);
    });
    this.#tcp = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.write(`${LAPTOP}\n`);
      socket.on("error", () => {}); // connection errors are the client's problem
      socket.pipe(socket);
    });
    for (const server of [this.#http, this.#tcp]) {
      server.on("connection", (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
      });
    }
  }

  /** Starts both servers on free ports of 127.0.0.1. */
  static async open(): Promise<LocalServers> {
    const laptop = new LocalServers();
    for (const server of [laptop.#http, laptop.#tcp]) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
    }
    return laptop;
  }

  get httpPort(): number {
    return portOf(this.#http);
  }

  get tcpPort(): number {
    return portOf(this.#tcp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [this.#http, this.#tcp].map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

function portOf(server: Server | TcpServer): number {
  return (server.address() as { port: number }).port;
}
