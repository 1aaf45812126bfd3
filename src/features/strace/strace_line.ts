import { defined } from "../../lib/defined.ts";

/** A line of strace's output (strace 6.1 or later, with pids, -ttt, -T and -o). */
export type StraceLine =
  | ({ kind: "call" } & StraceHead & CallText)
  /** A call that was entered; its end follows on a separate line. */
  | ({ kind: "entered"; syscall: string; arguments: string } & StraceHead)
  /** The rest of a call: more arguments, and its result. */
  | ({ kind: "resumed"; syscall: string; text: string } & StraceHead)
  /** A call that had not returned when strace detached from the process. */
  | ({ kind: "left"; syscall: string; arguments: string } & StraceHead)
  | ({ kind: "signal"; signal: string; details: string; stopped: boolean } & StraceHead)
  | ({ kind: "exited"; code: number } & StraceHead)
  | ({ kind: "killed"; signal: string; coreDumped: boolean } & StraceHead)
  | { kind: "other"; text: string };

export interface StraceHead {
  pid: number;
  /** RFC 3339 in UTC, to the microsecond. */
  time: string;
}

/** The parts of a call that has returned. */
export interface CallText {
  syscall: string;
  arguments: string;
  result: string;
  /** Name of the error, for example ENOENT. */
  error?: string;
  /** Missing for a call that does not return. */
  durationMs?: number;
}

const head = /^(\d+) +(\d+)\.(\d{6}) (.*)$/s;
const call = /^(\w+)\((.*)$/s;
const resumed = /^<\.\.\. (\w+) resumed>(.*)$/s;
const unfinished = " <unfinished ...>";
const detached = " <detached ...>";
const signal = /^--- (?:(stopped by )?(SIG[\w+]+|\d+))(?: (.*))? ---$/s;
const exited = /^\+\+\+ exited with (\d+) \+\+\+$/;
const killed = /^\+\+\+ killed by (\S+)( \(core dumped\))? \+\+\+$/;
const result = /^\) += (.*?)(?: <(\d+\.\d+)>)?$/s;
const failed = /^(?:-\d+|\?) (E[A-Z0-9_]+)\b/;

export function parseStraceLine(text: string): StraceLine {
  const found = head.exec(text);
  if (found === null) return { kind: "other", text };
  const [, pid, seconds, fraction = "", rest = ""] = found;
  const about = { pid: Number(pid), time: timeOf(Number(seconds), fraction) };
  return parseCall(rest, about) ?? parseThreadEvent(rest, about) ?? { kind: "other", text };
}

/** Parses a call such as `read(3, "x", 1) = 1 <0.000012>`; returns undefined if the text is not a whole call. */
export function parseCallText(syscall: string, text: string): CallText | undefined {
  const end = endOfArguments(text);
  const found = end < 0 ? null : result.exec(text.slice(end));
  if (found === null) return undefined;
  const [, value = "", duration] = found;
  const error = failed.exec(value)?.[1];
  return {
    syscall,
    arguments: text.slice(0, end),
    result: value,
    ...defined({ error }),
    ...(duration === undefined ? {} : { durationMs: Math.round(Number(duration) * 1e6) / 1000 }),
  };
}

function parseCall(rest: string, about: StraceHead): StraceLine | undefined {
  const begun = call.exec(rest), more = begun === null ? resumed.exec(rest) : null;
  const [, syscall = "", text = ""] = begun ?? more ?? [];
  if (more !== null) {
    // A resumed call may be interrupted again, for example by an exit of its process.
    return { kind: "resumed", ...about, syscall, text };
  }
  if (begun === null) return undefined;
  if (text.endsWith(unfinished)) {
    return { kind: "entered", ...about, syscall, arguments: text.slice(0, -unfinished.length) };
  }
  if (text.endsWith(detached)) return { kind: "left", ...about, syscall, arguments: text.slice(0, -detached.length) };
  const whole = parseCallText(syscall, text);
  return whole === undefined ? undefined : { kind: "call", ...about, ...whole };
}

function parseThreadEvent(rest: string, about: StraceHead): StraceLine | undefined {
  let found = signal.exec(rest);
  if (found !== null) {
    const [, stopped, name = "", details = ""] = found;
    return { kind: "signal", ...about, signal: name, details, stopped: stopped !== undefined };
  }
  found = exited.exec(rest);
  if (found !== null) return { kind: "exited", ...about, code: Number(found[1]) };
  found = killed.exec(rest);
  if (found === null) return undefined;
  return { kind: "killed", ...about, signal: found[1] ?? "", coreDumped: found[2] !== undefined };
}

/**
 * Returns the position of the parenthesis that closes a call's arguments, or -1. Text in quotes does not count, and a
 * backslash escapes the next character, in quotes and in the paths of -y alike. A path of -y may contain parentheses, so
 * the last `) = ` outside of quotes is taken.
 */
function endOfArguments(text: string): number {
  let quoted = false, end = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) quoted = !quoted;
    else if (code === 0x29 && !quoted && isResult(text, at)) end = at;
  }
  return end;
}

/** Returns true if `) = ` is at this position. strace aligns results, so there may be more blanks. */
function isResult(text: string, at: number): boolean {
  let next = at + 1;
  while (text.charCodeAt(next) === 0x20) next++;
  return next > at + 1 && text.startsWith("= ", next);
}

let lastSeconds = NaN, lastText = "";

function timeOf(seconds: number, fraction: string): string {
  // Cached, as thousands of lines share a second.
  if (seconds !== lastSeconds) {
    lastSeconds = seconds;
    lastText = new Date(seconds * 1000).toISOString().slice(0, 19);
  }
  return `${lastText}.${fraction}Z`;
}
