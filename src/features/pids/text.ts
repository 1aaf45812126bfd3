import type { EventText, TextLook } from "../../renderer.ts";
import type { PidsEvent } from "./events.ts";
import type { ProcessSeen } from "../../event.ts";
import { bytes } from "../../text/format.ts";
import { safe } from "../../text/safe.ts";
import { type Cell, type Column, right, table } from "../../text/table.ts";

const heads: Column[] = [
  { title: "CONTAINER" },
  right("PID"),
  right("CPID"),
  right("PPID"),
  right("THR"),
  { title: "USER" },
  { title: "S" },
  right("CPU%"),
  right("RSS"),
  { title: "PORTS" },
  { title: "COMMAND" },
];

/** Returns the processes of one pod as a table: PID on the node, CPID in the container. No lines if there are none. */
export function processTable(processes: readonly ProcessSeen[], columns: number, color: boolean): string[] {
  if (processes.length === 0) return [];
  const rows = processes.map((one): Cell[] => [
    { text: safe(one.container), look: "accent" },
    { text: String(one.pid), look: "bold" },
    { text: String(one.containerPid) },
    { text: String(one.parentPid) },
    { text: String(one.threads) },
    { text: safe(one.user) },
    { text: safe(stateText(one)), look: one.state === "Z" || one.blocked !== undefined ? "bad" : "plain" },
    { text: one.cpuPercent.toFixed(1) },
    { text: bytes(one.residentBytes) },
    { text: one.listening.join(",") || "-" },
    { text: safe(one.command) },
  ]);
  return table(heads, rows, columns, color);
}

/** Returns the state letter of ps(1) and the kernel function of a wait, for example `S` or `D kernel_clone`. */
function stateText({ state, blocked }: ProcessSeen): string {
  if (blocked === undefined) return state;
  return [state, blocked.frozen ? "frozen" : blocked.functions[0] ?? ""].join(" ").trim();
}

export function pidsText({ color, columns }: TextLook): EventText<PidsEvent> {
  const processes: ProcessSeen[] = [];
  return {
    lines(event) {
      processes.push(event);
      return [];
    },
    tables: () => [processTable(processes, columns(), color)],
  };
}
