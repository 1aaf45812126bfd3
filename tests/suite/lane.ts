import { print } from "../../scripts/src/lib/output.ts";
import { ROOT } from "../../scripts/src/lib/paths.ts";
import { imageStory, nodeImages } from "../cluster/load.ts";
import { planCluster } from "../cluster/plan.ts";
import { openState, State } from "../cluster/state.ts";
import type { Options } from "./options.ts";
import { type Ended, runProgram } from "./run_program.ts";

/** Time that a file may take, in milliseconds. */
const FILE_LIMIT_MS = 20 * 60_000;
/** Time that a cluster may take: the first time it is built. */
const CLUSTER_LIMIT_MS = 60 * 60_000;

export interface LaneOptions {
  readonly number: number;
  /** PATH of all programs that tests may use. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Prints the output of each program as it arrives. */
  readonly live: boolean;
}

/** Runs test files one after the other on a cluster of its own, so that no other lane's processes are there. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #state: State;
  #env: Record<string, string>;
  /** Directory of the processes of scope that wait for the next command; they end when it is gone. */
  readonly #runtime = Deno.makeTempDirSync({ prefix: "scope-runtime-" });
  #started = false;

  constructor(options: LaneOptions) {
    const { checkout, cache } = openState();
    const name = options.number === 1 ? Deno.env.get("SCOPE_CLUSTER") ?? "" : `lane${options.number}`;
    this.#options = options;
    this.#state = new State(checkout, cache, name);
    this.#env = { PATH: options.path, SCOPE_CLUSTER: name, XDG_RUNTIME_DIR: this.#runtime };
  }

  get number(): number {
    return this.#options.number;
  }

  /** Runs the gate, which needs no cluster. */
  async gate(): Promise<Ended> {
    return await this.#run(["deno", "task", "ok"], FILE_LIMIT_MS);
  }

  /** Brings the cluster up, with the image in it. Throws an Error with the output if that fails. */
  async start(): Promise<void> {
    this.#started = !this.#state.running("kube-apiserver");
    await this.#must("cluster", "up");
    const image = (await this.#must("image")).stdout.trim();
    const { bin, kubeconfig } = this.#state;
    this.#env = {
      ...this.#env,
      PATH: `${bin}:${this.#options.path}`,
      KUBECONFIG: kubeconfig,
      SCOPE_IMAGE: image,
    };
  }

  /** Runs a test file, on nodes that have the image. */
  async test(file: string, { all, steps }: Pick<Options, "all" | "steps">): Promise<Ended> {
    await this.#keepImage();
    const some = steps === undefined ? [] : ["--preload=tests/suite/some_steps.ts"];
    return await this.#run(["deno", "test", "--allow-all", "--no-prompt", "--no-check", ...some, file], FILE_LIMIT_MS, {
      ...all ? { SCOPE_TEST_ALL: "1" } : {},
      ...steps === undefined ? {} : { SCOPE_TEST_STEPS: steps },
    });
  }

  /** Ends the cluster if this lane started it, also after an interrupt. */
  async end(): Promise<void> {
    Deno.removeSync(this.#runtime, { recursive: true });
    if (!this.#started) return;
    const { code, output } = await runProgram([`${ROOT}/scripts/cluster`, "down"], {
      cwd: ROOT,
      env: this.#env,
      limitMs: 120_000,
    });
    if (code !== 0) throw new Error(`Cannot end the cluster of lane ${this.number}: ${output}`);
  }

  /** Says which node has lost the image, with what its logs say of images, and loads it again: else every test from here on fails. */
  async #keepImage(): Promise<void> {
    const image = this.#env["SCOPE_IMAGE"] ?? "", { nodes } = planCluster(this.#state.slot ?? 0);
    const has = await Promise.all(nodes.map(({ name }) => nodeImages(this.#state, name).catch((): string[] => [])));
    const lost = nodes.filter((_, at) => !has[at]?.includes(image)).map(({ name }) => name);
    if (lost.length === 0) return;
    print(`\nnot there any more: the image ${image} on ${lost.join(", ")}; it is loaded again`);
    for (const node of lost) print(imageStory(this.#state, node));
    await this.#must("image");
  }

  async #must(script: string, ...args: string[]): Promise<Ended> {
    const ended = await this.#script(script, ...args);
    if (ended.code !== 0) {
      throw new Error(`scripts/${script} ${args.join(" ")} failed on lane ${this.number}:\n${ended.output}`);
    }
    return ended;
  }

  #script(script: string, ...args: string[]): Promise<Ended> {
    return this.#run([`${ROOT}/scripts/${script}`, ...args], CLUSTER_LIMIT_MS);
  }

  #run(argv: readonly string[], limitMs: number, more: Record<string, string> = {}): Promise<Ended> {
    const { signal, live } = this.#options;
    return runProgram(argv, { cwd: ROOT, env: { ...this.#env, ...more }, limitMs, signal, live });
  }
}
