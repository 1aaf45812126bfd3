import { ClusterError } from "./errors.ts";
import { lockFile } from "./lock.ts";
import { SLOTS } from "./plan.ts";
import { clusterHash, type State } from "./state.ts";

/** Returns the slot that a cluster of a checkout takes when it is free. */
export function preferredSlot(checkout: string, name = ""): number {
  return parseInt(clusterHash(checkout, name).slice(0, 6), 16) % SLOTS;
}

/** Directory of the slots, which belong to the machine and not to a cache directory. */
const SLOT_DIRECTORY = "/run/scope-clusters";

/** Claims a slot for the cluster with this state directory: its present one, the preferred one, or the next free one. */
export async function claimSlot(state: State): Promise<number> {
  await Deno.mkdir(SLOT_DIRECTORY, { recursive: true });
  using _lock = await lockFile(`${SLOT_DIRECTORY}/lock`, () => {});
  const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  const first = state.slot ?? preferredSlot(state.checkout, state.name);
  for (let turn = 0; turn < SLOTS; turn++) {
    const slot = (first + turn) % SLOTS;
    const owner = slotOwner(slot, boot);
    if (owner !== undefined ? owner !== state.directory : exists(`/sys/class/net/scope${slot}`)) continue;
    await Deno.writeTextFile(`${SLOT_DIRECTORY}/${slot}`, `${boot}\n${state.directory}\n`);
    state.write("slot", String(slot));
    return slot;
  }
  throw new ClusterError(
    `Cannot find a free slot among ${SLOTS}`,
    `end clusters of other checkouts; see "${SLOT_DIRECTORY}"`,
  );
}

/** Releases the slot if this cluster owns it. */
export function releaseSlot(state: State): void {
  const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  const slot = state.slot;
  if (slot === undefined) return;
  if (slotOwner(slot, boot) === state.directory) Deno.removeSync(`${SLOT_DIRECTORY}/${slot}`);
  Deno.removeSync(state.path("slot"));
}

/** Returns true when this cluster owns the slot since this boot; only then may it touch the slot's names. */
export function ownsSlot(state: State): boolean {
  const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  return state.slot !== undefined && slotOwner(state.slot, boot) === state.directory;
}

/** Returns the state directory of the slot's owner; undefined when the slot is free, or was claimed before the last boot. */
function slotOwner(slot: number, boot: string): string | undefined {
  try {
    const [since, directory] = Deno.readTextFileSync(`${SLOT_DIRECTORY}/${slot}`).split("\n");
    return since === boot && directory !== undefined && exists(directory) ? directory : undefined;
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
