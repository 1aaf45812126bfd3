import type { EventText, TextLook } from "../../renderer.ts";
import type { StraceEvent } from "./events.ts";
import type { StraceCall, StraceExited, StraceLine, StraceSignal, StraceSummary } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { milliseconds, percent, timeOfDay } from "../../text/format.ts";
import { paint } from "../../text/style.ts";
import { type Cell, type Column, right, table } from "../../text/table.ts";

export type StraceNotice = StraceCall | StraceSignal | StraceExited | StraceLine;

/** Returns strace's own rendering, after the local time of day and the thread's pid. */
export function straceLine(event: StraceNotice, color: boolean): string {
  if (event.type === "strace.line") return safe(event.text);
  const before = `${timeOfDay(event.time)} ${String(event.pid).padStart(7)} `;
  return color ? paint(before, "dim", color) + body(event, color) : before + body(event, color);
}

function body(event: Exclude<StraceNotice, StraceLine>, color: boolean): string {
  switch (event.type) {
    case "strace.call": {
      const { syscall, durationMs, error, unfinished } = event;
      if (unfinished) return paint(`${callText(event)} <goes on>`, "slow", color);
      const took = durationMs === undefined ? "" : ` <${(durationMs / 1000).toFixed(6)}>`;
      const text = callText(event);
      if (!color) return `${text}${took}`;
      if (error !== undefined) return paint(text, "bad", color) + paint(took, "dim", color);
      return paint(syscall, "accent", color) + text.slice(syscall.length) + paint(took, "dim", color);
    }
    case "strace.signal": {
      const text = event.stopped ? `stopped by ${event.signal}` : `${event.signal} ${event.details}`.trimEnd();
      return paint(`--- ${safe(text)} ---`, "slow", color);
    }
    case "strace.exited": {
      const how = event.code === undefined ? `killed by ${event.signal}` : `exited with ${event.code}`;
      const core = event.coreDumped ? " (core dumped)" : "";
      return paint(`+++ ${safe(how)}${core} +++`, event.code === 0 ? "dim" : "bad", color);
    }
  }
}

/** Column at which strace aligns results. */
const resultColumn = 40;

function callText({ syscall, arguments: given, result, unfinished }: StraceCall): string {
  if (unfinished) return safe(`${syscall}(${given}`);
  return safe(`${`${syscall}(${given})`.padEnd(resultColumn - 1)} = ${result}`);
}

const heads: Column[] = [
  { title: "SYSCALL" },
  right("CALLS"),
  right("ERRORS"),
  right("TOTAL/ms"),
  right("SHARE", 1),
  right("AVG/ms", 2),
  right("MAX/ms"),
  { title: "SLOWEST", drop: 3 },
];

/** Returns the table at the end of a trace with --summary; no lines if no system call was seen. */
export function straceSummary(summaries: readonly StraceSummary[], columns: number, color: boolean): string[] {
  if (summaries.length === 0) return [];
  const sum = (of: (one: StraceSummary) => number) => summaries.reduce((total, one) => total + of(one), 0);
  const total = { calls: sum((one) => one.calls), errors: sum((one) => one.errors), ms: sum((one) => one.totalMs) };
  const row = (name: string, calls: number, errors: number, ms: number, maxMs: number, slowest: string): Cell[] => [
    { text: safe(name), look: "accent" },
    { text: String(calls) },
    { text: String(errors), look: errors > 0 ? "bad" : "plain" },
    { text: ms.toFixed(3) },
    { text: total.ms === 0 ? "-" : percent(ms / total.ms * 100) },
    { text: calls === 0 ? "-" : milliseconds(ms / calls) },
    { text: milliseconds(maxMs) },
    { text: slowest },
  ];
  return table(
    heads,
    [
      ...summaries.map((one) => row(one.syscall, one.calls, one.errors, one.totalMs, one.maxMs, slowestText(one))),
      row("total", total.calls, total.errors, total.ms, Math.max(...summaries.map(({ maxMs }) => maxMs)), ""),
    ],
    columns,
    color,
  );
}

function slowestText({ syscall, slowest }: StraceSummary): string {
  if (slowest === undefined) return "";
  const { time, pid, arguments: given, result } = slowest;
  return safe(`${timeOfDay(time)} ${pid} ${syscall}(${given}) = ${result}`);
}

export function straceText({ color, columns }: TextLook): EventText<StraceEvent> {
  const summaries: StraceSummary[] = [];
  return {
    lines(event) {
      if (event.type === "strace.attached") return [];
      if (event.type !== "strace.summary") return [straceLine(event, color)];
      summaries.push(event);
      return [];
    },
    tables: () => [straceSummary(summaries, columns(), color)],
  };
}
