import type { ManagerConnection } from "../../../src/manager/client/connection.ts";
import type { TestManager } from "./manager_process.ts";
import { startManager } from "./manager_process.ts";
import type { FakeTarget } from "./target.ts";
import { fakeTarget } from "./target.ts";

export interface BesideTarget {
  target: FakeTarget;
  manager: TestManager;
  connection: ManagerConnection;
}

/** A test with a target and a manager. A root and namespaces of their own need root: without it the test shows as ignored. */
export function besideTarget(name: string, test: (client: BesideTarget) => Promise<void>): void {
  Deno.test({
    name: `${name} (needs root)`,
    ignore: Deno.uid() !== 0,
    async fn() {
      await using target = await fakeTarget();
      await using manager = await startManager();
      await using connection = await manager.connect();
      await test({ target, manager, connection });
    },
  });
}
