import { Client, linesOf, Server } from "./traffic/programs.ts";
import { podUsage } from "./usage.ts";
import type { World } from "./world.ts";

/** Ports of the pod: a redirected one and one that never is, with the same server. */
const redirectedPort = 8080, ownPort = 8081;
const startMs = 60_000;

/** Names of the servers. */
const laptop = "L", pod = "P";

/** A pod with a server, the same server on this machine, and clients in another pod and here. */
export class Scene extends AsyncDisposableStack {
  private constructor(
    private readonly world: World,
    private readonly clientPod: number,
    private readonly address: string,
    private readonly localPort: number,
  ) {
    super();
  }

  static async make(world: World): Promise<Scene> {
    await world.addPod("client", "node2");
    const pidOf = async (name: string) => {
      const process = podUsage(await world.uidOf(name)).find((one) => one.name === "sleep");
      if (process === undefined) throw new Error(`Cannot find the process of pod ${name}`);
      return process.pid;
    };
    const networkOf = await pidOf(world.target), clientPod = await pidOf("client");
    const address = (await world.here("get", "pod", world.target, "-o", "jsonpath={.status.podIP}")).stdout;
    await using stack = new AsyncDisposableStack();
    for (const port of [redirectedPort, ownPort]) {
      stack.use(await Server.start(pod, "0.0.0.0", port, { networkOf }));
    }
    const here = stack.use(await Server.start(laptop, "127.0.0.1", 0));
    const scene = new Scene(world, clientPod, address, here.port);
    scene.use(stack.move());
    return scene;
  }

  /** Returns a client in another pod, for the redirected port. A strict client rejects answers of the pod. */
  redirectedClient({ strict = true } = {}): Client {
    return this.use(
      new Client(this.address, redirectedPort, strict ? laptop : undefined, { networkOf: this.clientPod }),
    );
  }

  /** Returns a client in another pod, for the pod's own server. */
  directClient(): Client {
    return this.use(new Client(this.address, ownPort, pod, { networkOf: this.clientPod }));
  }

  /** Returns a client on this machine, by `kubectl port-forward` to the pod's own server. */
  async forwardedClient(): Promise<Client> {
    const { forward, port } = this.startForward();
    this.use(forward);
    await forward.said(/^Forwarding from/);
    return this.use(new Client("127.0.0.1", port, pod));
  }

  startForward(): { forward: Program; port: number } {
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr as Deno.NetAddr;
    const argv = this.world.kubectlArgv("port-forward", `pod/${this.world.target}`, `${port}:${ownPort}`);
    free.close();
    return { forward: new Program(argv, this.world.env), port };
  }

  /** Returns a client of a `startForward`. */
  clientOfForward(port: number): Client {
    return new Client("127.0.0.1", port, pod);
  }

  startRedirect(via: string, env: Readonly<Record<string, string>> = {}): Program {
    const ports = `${redirectedPort}:${this.localPort}`;
    return new Program(this.world.scopeArgv("--via", via, "-o", "json", "redir", ports), { ...this.world.env, ...env });
  }

  /** Returns a started redirect, which ends with the scene. */
  async redirect(via = "node", env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = this.use(this.startRedirect(via, env));
    await program.said(/"redir\.started"/);
    return program;
  }
}

/** A program that runs until it is disposed. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #read: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #ended = false;

  constructor(private readonly argv: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = argv;
    const options = { args, env, clearEnv: true, stdin: "null", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(program, options).spawn();
    this.pid = this.#child.pid;
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const line of linesOf(stream)) {
        this.#lines.push(line);
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
      }
    };
    this.#read = Promise.all([read(this.#child.stdout), read(this.#child.stderr)]).then(() => {
      this.#ended = true;
      this.#wake.resolve();
    });
  }

  /** The lines that the program printed on stdout and stderr. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a line. Throws an Error with the output when the program ends before. */
  async said(wanted: RegExp): Promise<void> {
    const late = setTimeout(() => this.#child.kill(), startMs);
    while (!this.#lines.some((line) => wanted.test(line))) {
      if (this.#ended) throw new Error(`"${this.argv.join(" ")}" never said ${wanted}: ${this.#lines.join("\n")}`);
      await this.#wake.promise;
    }
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGINT");
    } catch {
      // The program has ended.
    }
    await this.#child.status;
    await this.#read;
  }
}
