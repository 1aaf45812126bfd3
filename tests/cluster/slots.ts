import { ClusterError } from "./errors.ts";
import { lockFile } from "./lock.ts";
import { SLOTS } from "./plan.ts";
import { checkoutHash, type State } from "./state.ts";

/** The slot that a checkout takes when it is free. */
export function preferredSlot(checkout: string): number {
  return parseInt(checkoutHash(checkout).slice(0, 6), 16) % SLOTS;
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
