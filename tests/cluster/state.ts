import { createHash } from "node:crypto";
import { ClusterError } from "./errors.ts";
import { alive, type Identity, parsePidFile } from "./processes.ts";
import { SLOTS } from "./plan.ts";

/** Where one checkout's cluster keeps everything, outside the checkout. */
export class State {
  readonly folder: string;

  constructor(readonly checkout: string, readonly cache: string) {
    this.folder = `${cache}/cluster/${checkoutHash(checkout)}`;
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
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
    Deno.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(this.path(`${name}.part`), text);
    Deno.renameSync(this.path(`${name}.part`), this.path(name));
  }

  get slot(): number | undefined {
    const text = this.read("slot");
    return text === undefined ? undefined : Number(text);
  }

  /** The folder of the built programs that the cluster runs. */
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
    await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
    return await lockFile(this.path("lock"), onWait, signal);
  }
}

/** A short name for a checkout. */
export function checkoutHash(checkout: string): string {
  return createHash("sha256").update(checkout).digest("hex").slice(0, 12);
}

/** The slot that a checkout takes when it is free. */
export function preferredSlot(checkout: string): number {
  return parseInt(checkoutHash(checkout).slice(0, 6), 16) % SLOTS;
}

/** Holds an exclusive lock on the file until it is disposed of; the kernel drops it with the process. */
export async function lockFile(path: string, onWait: () => void, signal?: AbortSignal): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  const waiting = setTimeout(onWait, 500);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    await Promise.race([file.lock(true), aborted.promise]);
  } finally {
    clearTimeout(waiting);
    signal?.removeEventListener("abort", abort);
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** Slots belong to the machine, whatever cache folder a checkout uses. */
const SLOT_FOLDER = "/run/scope-clusters";

/** Takes a slot for the cluster with this state folder: the one it has, the preferred one, or the next free one. */
export async function claimSlot(state: State): Promise<number> {
  await Deno.mkdir(SLOT_FOLDER, { recursive: true });
  using _lock = await lockFile(`${SLOT_FOLDER}/lock`, () => {});
  const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  const first = state.slot ?? preferredSlot(state.checkout);
  for (let turn = 0; turn < SLOTS; turn++) {
    const slot = (first + turn) % SLOTS;
    const owner = slotOwner(slot, boot);
    if (owner !== undefined ? owner !== state.folder : exists(`/sys/class/net/scope${slot}`)) continue;
    await Deno.writeTextFile(`${SLOT_FOLDER}/${slot}`, `${boot}\n${state.folder}\n`);
    state.write("slot", String(slot));
    return slot;
  }
  throw new ClusterError(
    `Cannot find a free slot among ${SLOTS}`,
    `end clusters of other checkouts; see "${SLOT_FOLDER}"`,
  );
}

/** Gives the slot back, when it is this cluster's. */
export function releaseSlot(state: State): void {
  const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  const slot = state.slot;
  if (slot === undefined) return;
  if (slotOwner(slot, boot) === state.folder) Deno.removeSync(`${SLOT_FOLDER}/${slot}`);
  Deno.removeSync(state.path("slot"));
}

/** Whether the slot is this cluster's since this boot; only then may names of the slot be touched. */
export function ownsSlot(state: State): boolean {
  const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  return state.slot !== undefined && slotOwner(state.slot, boot) === state.folder;
}

/** The state folder of the slot's owner; undefined when the slot is free, or was taken before the last boot. */
function slotOwner(slot: number, boot: string): string | undefined {
  try {
    const [since, folder] = Deno.readTextFileSync(`${SLOT_FOLDER}/${slot}`).split("\n");
    return since === boot && folder !== undefined && exists(folder) ? folder : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The state of the cluster that belongs to the checkout this file is in. */
export function openState(): State {
  const home = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  return new State(Deno.realPathSync(`${import.meta.dirname}/../..`), Deno.env.get("SCOPE_CACHE") || `${home}/scope`);
}
