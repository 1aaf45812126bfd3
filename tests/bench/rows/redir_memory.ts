import { Scene } from "../redirected.ts";
import { megabytes } from "../table.ts";
import type { Row } from "../table.ts";
import { memoryOf } from "../usage.ts";
import { managerOf } from "../world.ts";
import type { World } from "../world.ts";

const connections = 1000, mostBytes = 150e6;

/** Measures the memory of a thousand open connections, on the node and here. */
export async function redirMemory(world: World): Promise<Row[]> {
  await using scene = await Scene.make(world);
  const manager = managerOf(await world.freshDebugPod()).pid;
  const redirect = await scene.redirect();
  const before = { manager: memoryOf(manager), here: memoryOf(redirect.pid) };
  await scene.redirectedClient().run({ kind: "hold", connections });
  const open = { manager: memoryOf(manager), here: memoryOf(redirect.pid) };
  const words = ({ resident, anonymous }: { resident: number; anonymous: number }) =>
    `${megabytes(resident)} RSS, of it ${megabytes(anonymous)} anonymous`;
  return [
    {
      what: `the manager's memory with ${connections} redirected connections open / with none`,
      ...{ scope: words(open.manager), other: words(before.manager) },
      ...{ aim: `≤ ${megabytes(mostBytes)} RSS`, met: open.manager.resident <= mostBytes },
    },
    { what: "the same of the command line", scope: words(open.here), other: words(before.here) },
  ];
}
