import { createHash } from "node:crypto";
import { lockFile } from "./lock.ts";
import { alive, type Identity, parsePidFile } from "./processes.ts";

/** Where one checkout's cluster keeps everything, outside the checkout. */
export class State {
  readonly directory: string;

  constructor(readonly checkout: string, readonly cache: string) {
    this.directory = `${cache}/cluster/${checkoutHash(checkout)}`;
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  get kubeconfig(): string {
    return this.path("pki/admin.kubeconfig");
  }

  /** The text of a file of the state; undefined when there is none. */
  read(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(this.path(name)).trim();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Written whole or not at all. */
  write(name: string, text: string): void {
    Deno.mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(this.path(`${name}.part`), text);
    Deno.renameSync(this.path(`${name}.part`), this.path(name));
  }

  get slot(): number | undefined {
    const text = this.read("slot");
    return text === undefined ? undefined : Number(text);
  }

  /** The directory of the built programs that the cluster runs. */
  get bin(): string | undefined {
    return this.read("bin");
  }

  /** Every process that was started for this cluster, by name, dead or alive. */
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

  /** One `up` or `down` at a time. */
  async lock(onWait: () => void, signal: AbortSignal): Promise<Disposable> {
    await Deno.mkdir(this.directory, { recursive: true, mode: 0o700 });
    return await lockFile(this.path("lock"), onWait, signal);
  }
}

/** A short name for a checkout. */
export function checkoutHash(checkout: string): string {
  return createHash("sha256").update(checkout).digest("hex").slice(0, 12);
}

/** The state of the cluster that belongs to the checkout this file is in. */
export function openState(): State {
  const home = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  return new State(Deno.realPathSync(`${import.meta.dirname}/../..`), Deno.env.get("SCOPE_CACHE") || `${home}/scope`);
}
