import { ScopeError } from "../../errors.ts";
import type { Event, HpingReply, HpingSummary } from "../../event.ts";
import type { Destination } from "../../target.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import type { Tool, ToolExit, ToolOutput } from "../../tool.ts";
import { parseHpingLine } from "./hping_line.ts";

export interface HpingOptions {
  destination: Destination;
  /** Arguments of hping3 without the destination, as the user gave them. */
  args: readonly string[];
  /** True for the only destination: if it does not resolve, that is an error, not an event. */
  alone: boolean;
}

/**
 * Returns a tool that pings one destination with hping3, which takes no more. `read` throws a ScopeError when the only
 * destination does not resolve, or NET_RAW is missing. The exit code is hping3's own: 0 if a reply was received, 1 if none
 * was or it could not start.
 */
export function hpingTool(options: HpingOptions): Tool {
  return new Hping(options);
}

class Hping implements Tool {
  readonly argv: readonly string[];
  readonly namespaces = ["net"] as const;
  readonly stopSignal = "SIGINT";
  readonly #options: HpingOptions;
  /** An ICMP error whose sequence number may be on the next line. */
  #icmp: HpingReply | undefined;
  #counted: { sent: number; received: number } | undefined;
  #printedError = false;
  #code = 0;

  constructor(options: HpingOptions) {
    this.#options = options;
    // stdbuf: line buffering, also into a pipe. The destination is first, as it would serve an option that lacks its value.
    this.argv = ["stdbuf", "-oL", "hping3", options.destination.address, ...options.args];
  }

  read(output: ToolOutput): Event[] {
    if ("exit" in output) return [...this.#flush(), ...this.#finish(output.exit)];
    return output.stream === "stdout" ? this.#readStdout(output) : this.#readStderr(output);
  }

  /** Reads standard output: replies, and their additional lines. */
  #readStdout({ line: printed, time }: { line: string; time: string }): Event[] {
    const about = { time, ...this.#options.destination };
    const text = plain(printed), line = parseHpingLine(text);
    if (line.kind === "about" && this.#icmp !== undefined) return this.#flush(line, text);
    const before = this.#flush();
    if (line.kind === "reply") {
      const { kind: _kind, ...reply } = line;
      return [...before, { type: "hping.reply", ...about, ...reply, text }];
    }
    if (line.kind === "icmp") {
      this.#icmp = { type: "hping.reply", ...about, from: line.from, icmp: line.icmp, text: text.trim() };
      return before;
    }
    return text.trim() === "" ? before : [...before, this.#line(text, time)];
  }

  /** Reads standard error: statistics and errors. */
  #readStderr({ line: text, time }: { line: string; time: string }): Event[] {
    const line = parseHpingLine(text);
    switch (line.kind) {
      case "statistics":
        return [];
      case "sent":
        this.#counted = line;
        return [];
      case "times":
        return this.#summary(line, time);
      case "unresolved":
        return this.#unresolved(line.host, time);
      default:
        if (/^\[open_sockraw\].*not permitted/.test(text)) {
          throw new ScopeError("denied", "Cannot open a raw socket: the capability NET_RAW is not in effect", {
            hint: "--via node has it",
          });
        }
        this.#printedError ||= text.trim() !== "";
        return text.trim() === "" ? [] : [this.#line(text, time)];
    }
  }

  #line(text: string, time: string): Event {
    return { type: "hping.line", time, ...this.#options.destination, text };
  }

  exitCode(): number {
    return this.#code;
  }

  /** Returns the ICMP error that was held back, with the values of the line after it. */
  #flush(more: { seq?: number; rttMs?: number } = {}, text = ""): Event[] {
    if (this.#icmp === undefined) return [];
    const held = this.#icmp, { seq, rttMs } = more;
    this.#icmp = undefined;
    return [{
      ...held,
      ...defined({ seq, rttMs }),
      text: text === "" ? held.text : `${held.text} ${text.trim()}`,
    }];
  }

  #summary(times: { minMs: number; avgMs: number; maxMs: number }, time: string): Event[] {
    const { sent = 0, received = 0 } = this.#counted ?? {};
    const { minMs, avgMs, maxMs } = times;
    const summary: HpingSummary = { type: "hping.summary", time, ...this.#options.destination, sent, received };
    return [received === 0 ? summary : { ...summary, minMs, avgMs, maxMs }];
  }

  #unresolved(host: string, time: string): Event[] {
    const error = new ScopeError("notFound", `Cannot resolve "${host}" in the target's network`, {
      hint: host.includes(":") ? "hping3 knows no IPv6" : "the target's own resolver does not know it",
    });
    if (this.#options.alone) throw error;
    this.#printedError = true;
    return [{ type: "failed", time, subject: host, reason: error.message }];
  }

  #finish({ code, signal }: ToolExit): Event[] {
    const asked = code === 130 || signal === "SIGINT";
    if (!asked) this.#code = code;
    // Exit code 1 also means that nothing was received, which the statistics show.
    if (asked || code === 0 || this.#counted !== undefined || this.#printedError) return [];
    const reason = `exit code ${code}${signal === undefined ? "" : ` (${signal})`}`;
    return [{ type: "failed", time: now(), subject: "hping3", reason }];
  }
}

/** Removes the text that hping3 prints while it looks up the name of an address, and erases with backspaces. */
function plain(text: string): string {
  return text.replace(/get hostname\.\.\.[\b ]*/, "");
}
