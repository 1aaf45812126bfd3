import type { ManagerPlace } from "../connect/last_place.ts";
import { defined } from "../lib/defined.ts";
import { lastCluster } from "./context.ts";

/** Cluster and manager that a command has used, for the next command. */
export interface LastUse {
  kubeconfig?: string;
  context?: string;
  place?: ManagerPlace;
}

/** Returns what this process's command has used; undefined if it used no cluster. */
export async function lastUse(): Promise<LastUse | undefined> {
  const cluster = lastCluster();
  if (cluster === undefined) return undefined;
  const { lastPlace } = await import("../connect/last_place.ts");
  return { ...cluster, ...defined({ place: lastPlace() }) };
}
