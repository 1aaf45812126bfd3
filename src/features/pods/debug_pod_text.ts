import type { DebugPodReady, DebugPodRemoved, DebugPodSeen } from "../../event.ts";
import { age, untilEnd } from "../../text/format.ts";
import { safe } from "../../text/safe.ts";
import { type Cell, table } from "../../text/table.ts";

export function readyLine(event: DebugPodReady): string {
  const how = event.created ? "created" : "was running";
  const took = `${(event.tookMs / 1000).toFixed(1)} s`;
  return safe(`${event.namespace}/${event.name} on ${event.node}: ready (${how}, ${took})`);
}

export function removedLine(event: DebugPodRemoved): string {
  const what = event.copyOf === undefined ? "" : ` (a copy of ${event.copyOf})`;
  const where = event.node === "" ? "" : ` on ${event.node}`;
  return safe(`${event.namespace}/${event.name}${where}: removed${what}`);
}

/** Returns the table of debug pods; empty without any. Ages are counted up to the time of each event. */
export function debugPodTable(pods: readonly DebugPodSeen[], columns: number, color: boolean): string[] {
  if (pods.length === 0) return [];
  const rows = pods.map((pod): Cell[] => {
    return [
      { text: safe(pod.namespace) },
      { text: safe(pod.name), look: "bold" },
      { text: safe(pod.node) },
      { text: safe(pod.status), look: pod.status === "Running" ? "good" : "slow" },
      { text: safe(pod.image) },
      { text: age(Date.parse(pod.time) - Date.parse(pod.created)) },
      { text: untilEnd(pod) },
    ];
  });
  const heads = ["NAMESPACE", "NAME", "NODE", "STATUS", "IMAGE", "AGE", "ENDS"].map((title) => ({ title }));
  return table(heads, rows, columns, color);
}
