import type { Contender } from "./alternate.ts";
import type { Environment, Outcome, ProgramOptions } from "./programs.ts";
import { run } from "./programs.ts";
import { podUsage } from "./usage.ts";
import type { Usage } from "./usage.ts";

const namespace = "scope-bench";

/** The pod for the measurements: `sleep` in busybox, on the first node. */
const target = "target", node = "node1";

/**
 * The environment of the measurements: a namespace with one pod, and the commands to compare there. Disposing removes it.
 */
export class World implements AsyncDisposable {
  readonly namespace = namespace;
  readonly target = target;
  readonly node = node;

  /** Directory of the processes that wait for the next command. */
  readonly #runtime = Deno.makeTempDirSync({ prefix: "scope-bench-" });

  private constructor(
    readonly image: string,
    readonly scopeCommand: readonly string[],
    /** Command of scope as one file. */
    readonly fileCommand: readonly string[],
    readonly env: Environment,
    readonly signal: AbortSignal,
  ) {}

  /** Creates the namespace and the pod in the cluster of $KUBECONFIG. */
  static async create(signal: AbortSignal): Promise<World> {
    const variable = (name: string) => {
      const value = Deno.env.get(name);
      if (value === undefined) throw new Error(`Cannot find the variable ${name}: run this by scripts/bench`);
      return value;
    };
    const image = variable("SCOPE_IMAGE");
    const kept = ["PATH", "HOME", "KUBECONFIG", "SCOPE_IMAGE"].map((name) => [name, variable(name)]);
    const optional = ["DENO_DIR", "XDG_CACHE_HOME"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    // Without the user's own settings.
    const env = {
      ...Object.fromEntries([...kept, ...optional]),
      ...{ XDG_CONFIG_HOME: "/nonexistent", SCOPE_VIA: "node", SCOPE_WARM: "off" },
    };
    const command = (name: string) => variable(name).split(/\s+/);
    const world = new World(image, command("SCOPE_COMMAND"), command("SCOPE_FILE_COMMAND"), env, signal);
    await world.#remove(); // left by a run that was killed
    try {
      await world.kubectl("create", "namespace", namespace);
      await world.kubectl("-n", namespace, "wait", "--for=create", "serviceaccount/default", "--timeout=30s");
      await world.addPod(target, node);
      return world;
    } catch (error) {
      await world.#remove();
      throw error;
    }
  }

  /** Creates a pod that sleeps, on a node, unless it exists. */
  async addPod(name: string, node: string): Promise<void> {
    const overrides = { spec: { nodeName: node, terminationGracePeriodSeconds: 0 } };
    if ((await this.here("get", "pods", name, "--ignore-not-found", "-o", "name")).stdout === "") {
      await this.here("run", name, "--image=localhost/busybox:1", `--overrides=${JSON.stringify(overrides)}`, ...[
        "--command",
        "--",
        "sleep",
        "1000000",
      ]);
    }
    await this.here("wait", "--for=condition=Ready", `pod/${name}`, "--timeout=60s");
  }

  kubectl(...args: string[]): Promise<Outcome> {
    return run(["kubectl", ...args], this);
  }

  /** Runs kubectl in the namespace. */
  here(...args: string[]): Promise<Outcome> {
    return run(this.kubectlArgv(...args), this);
  }

  kubectlArgv(...args: string[]): string[] {
    return ["kubectl", "-n", namespace, ...args];
  }

  /** Runs scope on the pod. */
  scope(...args: string[]): Promise<Outcome> {
    return run(this.scopeArgv(...args), this);
  }

  scopeArgv(...args: string[]): string[] {
    return [...this.scopeCommand, "-n", namespace, "-p", target, ...args];
  }

  /** Returns a contender that runs a program. */
  program(argv: readonly string[], options: Partial<ProgramOptions> = {}): Contender {
    return { once: async () => (await run(argv, { ...this, ...options })).tookMs };
  }

  /** The environment in which a process waits for the next command. */
  get warm(): Environment {
    const { SCOPE_WARM: _off, ...env } = this.env;
    return { ...env, XDG_RUNTIME_DIR: this.#runtime };
  }

  /** Waits until a process waits for the next command and is connected to a manager. */
  async untilWarm(): Promise<void> {
    for (const end = performance.now() + 20_000; performance.now() < end;) {
      const { stdout } = await run([...this.scopeCommand, "-o", "json", "worker", "list"], { ...this, env: this.warm });
      if (stdout.includes('"manager"')) return;
    }
    throw new Error("No process waits for the next command");
  }

  /** Ends the process that waits for the next command. */
  async endWarm(): Promise<void> {
    await run([...this.scopeCommand, "worker", "end"], { env: this.warm, signal: AbortSignal.timeout(10_000) });
  }

  /** Returns a contender that runs scope, for which a process waits. `argv` makes another command line of it. */
  warmScope(args: readonly string[], argv = (argv: readonly string[]) => argv): Contender {
    return {
      once: async () => (await run(argv(this.scopeArgv(...args)), { ...this, env: this.warm })).tookMs,
      reset: () => this.untilWarm(),
    };
  }

  /** Ends the debug pod, if there is one, and starts a new one; returns its uid. */
  async freshDebugPod(): Promise<string> {
    await this.scope("cleanup", "-p", "all");
    await this.scope("launch");
    return await this.debugPod();
  }

  /** Returns the uid of the debug pod, which is started if there is none. */
  async debugPod(): Promise<string> {
    await this.scope("launch");
    const uid = "jsonpath={.items[0].metadata.uid}";
    return (await this.here("get", "pods", "-l", "app.kubernetes.io/managed-by=scope", "-o", uid)).stdout;
  }

  async uidOf(pod: string): Promise<string> {
    return (await this.here("get", "pod", pod, "-o", "jsonpath={.metadata.uid}")).stdout;
  }

  /** Runs a program in the debug pod, without scope. */
  async inDebugPod(...argv: string[]): Promise<Outcome> {
    const name = "jsonpath={.items[0].metadata.name}";
    const { stdout } = await this.here("get", "pods", "-l", "app.kubernetes.io/managed-by=scope", "-o", name);
    return await this.here("exec", stdout, "--", ...argv);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endWarm();
    Deno.removeSync(this.#runtime, { recursive: true });
    await this.#remove();
  }

  /** Removes the namespace, also after an interrupt, and therefore without the world's signal. */
  async #remove(): Promise<void> {
    const argv = ["kubectl", "delete", "namespace", namespace, "--ignore-not-found", "--timeout=60s"];
    await run(argv, { env: this.env, signal: AbortSignal.timeout(90_000) });
  }
}

/** Returns the manager among the processes of a debug pod. */
export function managerOf(debugPod: string): Usage {
  const manager = podUsage(debugPod).find(({ name }) => name === "deno");
  if (manager === undefined) throw new Error(`Cannot find the manager's process in the debug pod ${debugPod}`);
  return manager;
}
