import type { DebugPodReady, DebugPodRemoved, DebugPodSeen } from "../event.ts";
import { age } from "./format.ts";
import { safe } from "../safe.ts";
import { type Cell, table } from "./table.ts";

export function readyLine(event: DebugPodReady): string {
  const how = event.created ? "created" : "was running";
  const took = `${(event.tookMs / 1000).toFixed(1)} s`;
  return safe(`${event.namespace}/${event.name} on ${event.node}: ready (${how}, ${took})`);
}

export function removedLine(event: DebugPodRemoved): string {
  return safe(`${event.namespace}/${event.name} on ${event.node}: removed`);
}

/** The debug pods that exist. Ages are counted to the time of each event. Nothing when there are none. */
export function debugPodTable(pods: readonly DebugPodSeen[], columns: number, color: boolean): string[] {
  if (pods.length === 0) return [];
  const rows = pods.map((pod): Cell[] => {
    const seen = Date.parse(pod.time);
    const left = pod.endsBy === undefined ? undefined : Date.parse(pod.endsBy) - seen;
    return [
      { text: safe(pod.namespace) },
      { text: safe(pod.name), look: "bold" },
      { text: safe(pod.node) },
      { text: safe(pod.status), look: pod.status === "Running" ? "good" : "slow" },
      { text: safe(pod.image) },
      { text: age(seen - Date.parse(pod.created)) },
      { text: left === undefined ? "-" : left > 0 ? `in ${age(left)}` : "now" },
    ];
  });
  const heads = ["NAMESPACE", "NAME", "NODE", "STATUS", "IMAGE", "AGE", "ENDS"].map((title) => ({ title }));
  return table(heads, rows, columns, color);
}
