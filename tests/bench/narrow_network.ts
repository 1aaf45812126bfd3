import type { World } from "./world.ts";

const chunkBytes = 16 * 1024;

/** A proxy to the API server that limits the upload to `bytesPerSecond`. The download is not limited. */
export class NarrowNetwork implements AsyncDisposable {
  private constructor(private readonly listener: Deno.Listener, readonly kubeconfig: string) {}

  static async open(world: World, bytesPerSecond: number): Promise<NarrowNetwork> {
    const view = ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"];
    const config = JSON.parse((await world.kubectl(...view)).stdout);
    const { cluster } = config.clusters[0], { hostname, port } = new URL(cluster.server);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serve = async () => {
      for await (const near of listener) {
        const far = await Deno.connect({ hostname, port: Number(port) });
        const back = far.readable.pipeTo(near.writable);
        void Promise.allSettled([slowly(near, far, bytesPerSecond), back]);
      }
    };
    void serve().catch(() => {}); // ends when the listener is closed
    cluster.server = `https://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
    const kubeconfig = await Deno.makeTempFile({ prefix: "scope-kubeconfig-" });
    await Deno.writeTextFile(kubeconfig, JSON.stringify(config));
    return new NarrowNetwork(listener, kubeconfig);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    await Deno.remove(this.kubeconfig);
  }
}

/** Copies at a limited rate. Excess data waits in the socket buffers before it, as in a modem. */
async function slowly(from: Deno.TcpConn, to: Deno.TcpConn, bytesPerSecond: number): Promise<void> {
  const buffer = new Uint8Array(chunkBytes);
  let free = performance.now();
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    free = Math.max(free, performance.now()) + count / bytesPerSecond * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, free - performance.now())));
  }
  await to.closeWrite();
}
