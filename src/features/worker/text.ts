import type { WorkerEvent, WorkerSeen } from "../../event.ts";
import type { EventText, TextLook } from "../../renderer.ts";
import { age, bytes } from "../../text/format.ts";
import { safe } from "../../text/safe.ts";
import { type Cell, right, table } from "../../text/table.ts";

export function workerText({ color, columns }: TextLook): EventText<WorkerEvent> {
  const seen: WorkerSeen[] = [];
  return {
    lines(event) {
      if (event.type === "worker.ended") return [`${event.pid}: ended`];
      seen.push(event);
      return [];
    },
    tables: () => seen.length === 0 ? [] : [workerTable(seen, columns(), color)],
  };
}

function workerTable(workers: readonly WorkerSeen[], columns: number, color: boolean): string[] {
  const rows = workers.map(({ pid, since, time, residentBytes, manager = "-" }): Cell[] => [
    { text: String(pid), look: "bold" },
    { text: age(Date.parse(time) - Date.parse(since)) },
    { text: bytes(residentBytes) },
    { text: safe(manager) },
  ]);
  return table([right("PID"), right("AGE"), right("RSS"), { title: "MANAGER" }], rows, columns, color);
}
