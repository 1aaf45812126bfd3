import type { DoctorRight, DoctorTarget, DoctorWay } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { bytes } from "../../text/format.ts";
import type { Look } from "../../text/style.ts";
import { paint } from "../../text/style.ts";
import { type Cell, table } from "../../text/table.ts";

export function doctorTargetLine(target: DoctorTarget): string {
  const { namespace, pod, container, node, uid, memoryLimitBytes: limit, memoryUsedBytes: used } = target;
  const user = uid === undefined ? "user unknown" : uid === 0 ? "root" : `user ${uid}`;
  const memory = limit === undefined
    ? "no limit of memory"
    : `${used === undefined ? "" : `${bytes(used)} of `}${bytes(limit)} memory`;
  return safe(`${namespace}/${pod}:${container} on ${node}: ${user}, ${memory}`);
}

/** Returns yes or no as a word, because some users cannot distinguish the colours. */
function answer(yes: boolean): Cell {
  return { text: yes ? "yes" : "no", look: (yes ? "good" : "bad") satisfies Look };
}

/** Returns the table of the user's rights; empty if none were checked. */
export function rightTable(rights: readonly DoctorRight[], columns: number, color: boolean): string[] {
  if (rights.length === 0) return [];
  const rows = rights.map((one): Cell[] => [{ text: safe(one.right) }, answer(one.allowed), { text: one.for }]);
  return table(["RIGHT", "ALLOWED", "FOR"].map((title) => ({ title })), rows, columns, color);
}

/** Returns the table of commands and Ways, and below it the missing requirements, each once; empty without any Way. */
export function wayTable(ways: readonly DoctorWay[], columns: number, color: boolean): string[] {
  if (ways.length === 0) return [];
  const reasons = [...new Set(ways.flatMap(({ missing }) => missing ?? []))];
  const rows = ways.map((one): Cell[] => [
    { text: safe(one.command), look: "bold" },
    { text: safe(one.way) },
    answer(one.possible),
    { text: one.chosen ? "chosen" : "" },
    { text: one.missing === undefined ? safe(one.rights ?? "") : `see ${reasons.indexOf(one.missing) + 1} below` },
  ]);
  const heads = ["COMMAND", "WAY", "POSSIBLE", "AUTO", "WITH"].map((title) => ({ title }));
  const remedies = reasons.flatMap((reason, index) => {
    const remedy = ways.find(({ missing }) => missing === reason)?.remedy;
    const line = paint(`${index + 1}. ${safe(reason)}`, "bad", color);
    return remedy === undefined ? [line] : [line, `   ${safe(remedy)}`];
  });
  return [...table(heads, rows, columns, color), ...remedies.length === 0 ? [] : ["", ...remedies]];
}
