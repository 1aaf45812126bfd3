import { createConnection, createServer, type Server, type Socket } from "node:net";
import { readConfig } from "./api.ts";
import type { ScopeOptions } from "./scope.ts";

/** A TCP proxy to the API server with limited bandwidth. While blocked, it drops bytes without closing connections. */
export class SlowNetwork implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  #blocked = false;

  private constructor(server: URL, readonly kubeconfig: string, readonly bytesPerSecond: number) {
    this.#server = createServer((near) => {
      const far = createConnection({ host: server.hostname, port: Number(server.port) });
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#sockets.add(from);
        from.on("data", (bytes) => {
          if (this.#blocked) return;
          to.write(bytes);
          if (bytesPerSecond < Infinity) this.#pause(from, bytes.length / bytesPerSecond * 1000);
        });
        from.on("close", () => this.#blocked || to.destroy());
        from.on("error", () => {});
      }
    });
  }

  /**
   * Opens a proxy to the API server of $KUBECONFIG, for clients that use its kubeconfig. The bandwidth is per connection and
   * direction.
   */
  static async open(bytesPerSecond = Infinity): Promise<SlowNetwork> {
    const config = readConfig();
    const { cluster } = config.clusters[0];
    const server = new URL(cluster.server);
    const slowNetwork = new SlowNetwork(
      server,
      await Deno.makeTempFile({ prefix: "scope-kubeconfig-" }),
      bytesPerSecond,
    );
    await new Promise<void>((resolve) => slowNetwork.#server.listen(0, "127.0.0.1", resolve));
    const { port } = slowNetwork.#server.address() as { port: number };
    cluster.server = `https://127.0.0.1:${port}`;
    await Deno.writeTextFile(slowNetwork.kubeconfig, JSON.stringify(config));
    return slowNetwork;
  }

  /** Options with which scope uses the proxy. */
  get options(): ScopeOptions {
    return { env: { KUBECONFIG: this.kubeconfig } };
  }

  /** Drops all bytes from now on, in both directions. */
  block(): void {
    this.#blocked = true;
  }

  /** Accepts new connections again; cuts the existing ones. */
  unblock(): void {
    this.cut();
    this.#blocked = false;
  }

  /** Closes all existing connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #pause(from: Socket, milliseconds: number): void {
    from.pause();
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      from.resume();
    }, milliseconds);
    this.#pauses.add(pause);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pause of this.#pauses) clearTimeout(pause);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await Deno.remove(this.kubeconfig);
  }
}
