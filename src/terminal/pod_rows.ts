import { age } from "../text/format.ts";
import { shortenMiddle } from "../text/fit_text.ts";
import { safe } from "../text/safe.ts";
import { table } from "../text/table.ts";

/** A pod to choose. */
export interface PodChoice {
  name: string;
  /** Ready containers, of all. */
  ready: string;
  /** Status as in `kubectl get pods`. */
  status: string;
  node: string;
  ageMs: number;
  running: boolean;
}

const heads = [
  { title: "POD" },
  { title: "READY", drop: 3 },
  { title: "STATUS", drop: 4 },
  { title: "NODE", drop: 1 },
  { title: "AGE", drop: 2 },
];

/** Returns the head and a row for each pod, aligned, none wider than `columns`; running pods first, then by name. */
export function podRows(
  pods: readonly PodChoice[],
  columns: number,
): { head: string; rows: { pod: PodChoice; text: string }[] } {
  const sorted = pods.toSorted((a, b) => Number(b.running) - Number(a.running) || (a.name < b.name ? -1 : 1));
  const cells = sorted.map(({ name, ready, status, node, ageMs }) => [
    { text: shortenMiddle(safe(name), columns) },
    { text: ready },
    { text: safe(status) },
    { text: safe(node) },
    { text: age(ageMs) },
  ]);
  const [head = "", ...rows] = table(heads, cells, columns, false);
  return { head, rows: rows.map((text, at) => ({ pod: sorted[at]!, text })) };
}

/** Returns the pods whose name, status or node contains each typed word. */
export function matchingPods<P extends Pick<PodChoice, "name" | "status" | "node">>(
  pods: readonly P[],
  typed: string,
): P[] {
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return pods.filter(({ name, status, node }) => {
    const text = `${name} ${status} ${node}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
