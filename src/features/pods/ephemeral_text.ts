import type { EphemeralContainerEnded, EphemeralContainerSeen } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { age } from "../../text/format.ts";
import { type Cell, table } from "../../text/table.ts";

export function endedLine({ namespace, pod, name, node }: EphemeralContainerEnded): string {
  return safe(`${namespace}/${pod}:${name} on ${node}: ended`);
}

/** Returns the table of running ephemeral containers; empty without any. Ages are counted up to the time of each event. */
export function ephemeralTable(seen: readonly EphemeralContainerSeen[], columns: number, color: boolean): string[] {
  if (seen.length === 0) return [];
  const rows = seen.map((one): Cell[] => [
    { text: safe(one.namespace) },
    { text: safe(one.pod), look: "bold" },
    { text: safe(one.name) },
    { text: safe(one.node) },
    { text: safe(one.status), look: one.status === "Running" ? "good" : "slow" },
    { text: safe(one.rights) },
    { text: safe(one.image) },
    { text: one.started === undefined ? "-" : age(Date.parse(one.time) - Date.parse(one.started)) },
  ]);
  const heads = ["NAMESPACE", "POD", "CONTAINER", "NODE", "STATUS", "RIGHTS", "IMAGE", "AGE"];
  return table(heads.map((title) => ({ title })), rows, columns, color);
}
