import { megabytes } from "../table.ts";
import type { Row } from "../table.ts";
import { memoryOf } from "../usage.ts";
import type { Memory } from "../usage.ts";
import { managerOf } from "../world.ts";
import type { World } from "../world.ts";
import { addresses } from "./load.ts";

const mostBytes = 50e6;

/** Measures the memory of an idle manager: before it did anything, and after much work. */
export async function memory(world: World): Promise<Row[]> {
  const debugPod = await world.freshDebugPod();
  const fresh = await rowOf("before any use", debugPod);
  await world.scope("ping", "-c", "5", ...addresses(1000));
  await world.scope("shell", "head", "-c", "100000000", "/dev/zero");
  return [fresh, await rowOf("after a ping of 1000 targets and 100 MB by shell", debugPod)];
}

async function rowOf(when: string, debugPod: string): Promise<Row> {
  // Not PSS, which falls by a third when another pod of the same image happens to run on the node.
  const { resident, anonymous } = await settled(managerOf(debugPod).pid);
  return {
    what: `the idle manager's memory ${when}`,
    scope: `${megabytes(resident)} RSS, of it ${megabytes(anonymous)} anonymous`,
    aim: `≤ ${megabytes(mostBytes)} RSS`,
    met: resident <= mostBytes,
  };
}

/** Returns the memory once it has not changed for three seconds, or after twenty. */
async function settled(pid: number): Promise<Memory> {
  let memory = memoryOf(pid), since = performance.now();
  const start = since;
  while (performance.now() - since < 3000 && performance.now() - start < 20_000) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = memoryOf(pid);
    if (Math.abs(now.resident - memory.resident) > 1e6) since = performance.now();
    memory = now;
  }
  return memory;
}
