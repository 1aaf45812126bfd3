import { createHash } from "node:crypto";
import { ClusterError } from "./errors.ts";
import { lockFile } from "./lock.ts";
import { alive, type Identity, parsePidFile } from "./processes.ts";

/** Directory of the state of a checkout's cluster, outside the checkout. A checkout has several clusters, by name. */
export class State {
  readonly directory: string;

  constructor(readonly checkout: string, readonly cache: string, readonly name = "") {
    this.directory = `${cache}/cluster/${clusterHash(checkout, name)}`;
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  get kubeconfig(): string {
    return this.path("pki/admin.kubeconfig");
  }

  /** Returns the text of a state file; undefined when it does not exist. */
  read(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(this.path(name)).trim();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Writes a state file atomically. */
  write(name: string, text: string): void {
    Deno.mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(this.path(`${name}.part`), text);
    Deno.renameSync(this.path(`${name}.part`), this.path(name));
  }

  get slot(): number | undefined {
    const text = this.read("slot");
    return text === undefined ? undefined : Number(text);
  }

  /** Directory of the built programs that the cluster runs. */
  get bin(): string | undefined {
    return this.read("bin");
  }

  /** All processes that were started for this cluster, by name, dead or alive. */
  processes(): Map<string, Identity> {
    const found = new Map<string, Identity>();
    try {
      for (const { name } of Deno.readDirSync(this.path("pids"))) {
        const process = parsePidFile(this.read(`pids/${name}`) ?? "");
        if (process !== undefined) found.set(name, process);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return found;
  }

  running(name: string): boolean {
    const process = this.processes().get(name);
    return process !== undefined && alive(process);
  }

  /** Locks the state: only one `up` or `down` runs at a time. */
  async lock(onWait: () => void, signal: AbortSignal): Promise<Disposable> {
    await Deno.mkdir(this.directory, { recursive: true, mode: 0o700 });
    return await lockFile(this.path("lock"), onWait, signal);
  }
}

/** Returns a short name for a cluster of a checkout, by the cluster's name; "" is the one that users start. */
export function clusterHash(checkout: string, name = ""): string {
  return createHash("sha256").update(name === "" ? checkout : `${checkout}\0${name}`).digest("hex").slice(0, 12);
}

/** Returns the state of a checkout's cluster, by default of the one that contains this file. $SCOPE_CLUSTER is its name. */
export function openState(checkout = Deno.realPathSync(`${import.meta.dirname}/../..`)): State {
  const home = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  return new State(checkout, Deno.env.get("SCOPE_CACHE") || `${home}/scope`, Deno.env.get("SCOPE_CLUSTER"));
}

/** Returns the directory of the programs of a cluster, which must run. */
export function runningBin(state: State): string {
  if (state.bin !== undefined && state.running("kube-apiserver")) return state.bin;
  const named = state.name === "" ? "cluster" : `cluster "${state.name}"`;
  throw new ClusterError(`Cannot find a running ${named} of "${state.checkout}"`, "run scripts/cluster up");
}
