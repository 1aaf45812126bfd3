import type { StraceCall, StraceSummary } from "../../event.ts";
import { parseCallText } from "./strace_line.ts";
import type { StraceHead, StraceLine } from "./strace_line.ts";

type Entered = Extract<StraceLine, { kind: "entered" }>;
type Resumed = Extract<StraceLine, { kind: "resumed" }>;

/** Joins calls that strace printed in two parts, because another event came in between. */
export class OpenCalls {
  /** Unfinished calls by thread: a thread is in one call at most. */
  readonly #entered = new Map<number, Entered>();

  enter(line: Entered): void {
    this.#entered.set(line.pid, line);
  }

  /** Returns the whole call with the time of its entry; undefined while the call goes on. */
  resume({ pid, time, syscall, text }: Resumed): StraceCall | undefined {
    const before = this.#entered.get(pid);
    this.#entered.delete(pid);
    const known = before?.syscall === syscall ? before : { pid, time, arguments: "" };
    const whole = parseCallText(syscall, known.arguments + text);
    if (whole === undefined) {
      this.#entered.set(pid, { kind: "entered", ...known, syscall, arguments: known.arguments + text });
      return undefined;
    }
    return { type: "strace.call", time: known.time, pid, ...whole };
  }

  /** Returns the calls that have not returned when strace ends, the oldest first. */
  left(): StraceCall[] {
    const left = [...this.#entered.values()].map(({ kind: _kind, ...call }) => leftCall(call));
    this.#entered.clear();
    return left.sort((a, b) => a.time < b.time ? -1 : 1);
  }
}

/** Returns a call that had not returned when strace detached. */
export function leftCall(
  { time, pid, syscall, arguments: given }: StraceHead & { syscall: string; arguments: string },
): StraceCall {
  return { type: "strace.call", time, pid, syscall, arguments: given, result: "?", unfinished: true };
}

/** Counts and times of system calls, by name. */
export class CallCounts {
  readonly #counts = new Map<string, StraceSummary>();

  add(call: StraceCall): void {
    const { syscall, durationMs = 0, error, unfinished } = call;
    let count = this.#counts.get(syscall);
    if (count === undefined) {
      count = { type: "strace.summary", time: "", syscall, calls: 0, errors: 0, totalMs: 0, maxMs: 0 };
      this.#counts.set(syscall, count);
    }
    if (unfinished) return;
    count.calls += 1;
    if (error !== undefined) count.errors += 1;
    count.totalMs += durationMs;
    if (call.durationMs === undefined || (count.slowest !== undefined && durationMs <= count.maxMs)) return;
    count.maxMs = durationMs;
    const { time, pid, arguments: given, result } = call;
    count.slowest = { time, pid, arguments: given, result, durationMs };
  }

  /** Returns the totals of each system call that was seen, the one that took the most time first. */
  events(time: string): StraceSummary[] {
    return [...this.#counts.values()]
      .map((count) => ({ ...count, time, totalMs: Math.round(count.totalMs * 1000) / 1000 }))
      .sort((a, b) => b.totalMs - a.totalMs || b.calls - a.calls || (a.syscall < b.syscall ? -1 : 1));
  }
}
