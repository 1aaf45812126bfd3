import type { CopyReady, CopySeen } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { age, untilEnd } from "../../text/format.ts";
import { programName } from "../../text/program_name.ts";
import { type Cell, table } from "../../text/table.ts";

/** Returns the line for a new copy and the next step: a shell in the copy, or its log if it has ended. */
export function copyLine(event: CopyReady): string {
  const { namespace, name, node, of, container, status, exitCode, failed, command } = event;
  const runs = command === undefined ? "runs" : `runs ${command.join(" ")}`;
  const code = exitCode === undefined ? "" : `, exit code ${exitCode}`;
  const ended = failed === undefined
    ? `container ${container} has ended: ${status}${code}`
    : `its init container ${failed} failed: ${status}${code}`;
  const state = status === "Running" ? `container ${container} ${runs}` : ended;
  const next = status === "Running"
    ? `${programName()} -n ${namespace} -p ${name} shell`
    : `kubectl logs -n ${namespace} ${name} -c ${failed ?? container}`;
  return safe(`${namespace}/${name} on ${node}: copy of ${of}, ${state}; next: ${next}`);
}

/** Returns the table of copies; empty without any. */
export function copyTable(copies: readonly CopySeen[], columns: number, color: boolean): string[] {
  if (copies.length === 0) return [];
  const rows = copies.map((copy): Cell[] => [
    { text: safe(copy.namespace) },
    { text: safe(copy.name), look: "bold" },
    { text: safe(copy.of) },
    { text: safe(copy.node || "-") },
    { text: safe(copy.status), look: copy.status === "Running" ? "good" : "slow" },
    { text: safe(copy.image) },
    { text: age(Date.parse(copy.time) - Date.parse(copy.created)) },
    { text: untilEnd(copy) },
  ]);
  const heads = ["NAMESPACE", "NAME", "COPY OF", "NODE", "STATUS", "IMAGE", "AGE", "ENDS"].map((title) => ({ title }));
  return table(heads, rows, columns, color);
}
