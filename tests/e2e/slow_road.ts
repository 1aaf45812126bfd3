import { createConnection, createServer, type Server, type Socket } from "node:net";
import { kubectl } from "./kube.ts";

/** A road to the API server that can be blocked: then bytes vanish, and no connection ends. */
export class SlowRoad implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #blocked = false;

  private constructor(server: URL, readonly kubeconfig: string) {
    this.#server = createServer((near) => {
      const far = createConnection({ host: server.hostname, port: Number(server.port) });
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#sockets.add(from);
        from.on("data", (bytes) => this.#blocked || to.write(bytes));
        from.on("close", () => this.#blocked || to.destroy());
        from.on("error", () => {});
      }
    });
  }

  /** A road to the API server of $KUBECONFIG, for who takes this kubeconfig. */
  static async open(): Promise<SlowRoad> {
    const config = JSON.parse(await kubectl(["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]));
    const { cluster } = config.clusters[0];
    const server = new URL(cluster.server);
    const road = new SlowRoad(server, await Deno.makeTempFile({ prefix: "scope-kubeconfig-" }));
    await new Promise<void>((resolve) => road.#server.listen(0, "127.0.0.1", resolve));
    const { port } = road.#server.address() as { port: number };
    cluster.server = `https://127.0.0.1:${port}`;
    await Deno.writeTextFile(road.kubeconfig, JSON.stringify(config));
    return road;
  }

  /** From now on nothing arrives, on either side. */
  block(): void {
    this.#blocked = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await Deno.remove(this.kubeconfig);
  }
}
