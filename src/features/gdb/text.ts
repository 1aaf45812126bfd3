import type { EventText, TextLook } from "../../renderer.ts";
import type { GdbEvent } from "./events.ts";
import type { GdbFrame, GdbSummary, GdbThread } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { paint } from "../../text/style.ts";

/** Returns the stack of a thread in gdb's format. */
export function threadLines(event: GdbThread, color: boolean): string[] {
  const name = event.name === undefined ? "" : ` "${safe(event.name)}"`;
  return [
    paint(`Thread ${event.thread}${name}:`, "bold", color),
    ...event.frames.map(frameLine),
    ...event.problem === undefined ? [] : [paint(`(${safe(event.problem)})`, "dim", color)],
    "",
  ];
}

function frameLine(frame: GdbFrame): string {
  const level = `#${frame.level}`.padEnd(4);
  const address = frame.address === undefined ? "" : `0x${frame.address.slice(2).padStart(16, "0")} in `;
  const args = (frame.arguments ?? []).map(({ name, value }) => `${name}=${value}`).join(", ");
  const where = frame.file !== undefined
    ? ` at ${frame.file}:${frame.line ?? "?"}`
    : frame.library === undefined
    ? ""
    : ` from ${frame.library}`;
  return safe(`${level}${address}${frame.function ?? "??"} (${args})${where}`);
}

export function gdbSummaryLines(event: GdbSummary, color: boolean): string[] {
  const threads = `${event.threads} thread${event.threads === 1 ? "" : "s"}`;
  return [
    ...(event.warnings ?? []).map((warning) => paint(`warning: ${safe(warning)}`, "slow", color)),
    `${threads}; process ${event.pid} stood still for ${event.stoppedMs} ms`,
  ];
}

export function gdbText({ color }: TextLook): EventText<GdbEvent> {
  return {
    lines: (event) => event.type === "gdb.thread" ? threadLines(event, color) : gdbSummaryLines(event, color),
  };
}
