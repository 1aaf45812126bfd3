import { byIcmp } from "../../runs/by_icmp.ts";
import { ScopeError } from "../../errors.ts";
import { type Event, type PingTarget } from "../../event.ts";
import { type Destination } from "../../target.ts";
import { now } from "../../lib/timed.ts";
import type { ToolExit, ToolOutput } from "../../tool.ts";
import { Rounds } from "./attempts.ts";
import { beatAddress, canonicalAddress, fpingArguments, replyTimeoutMs } from "./fping_arguments.ts";
import { parseFpingLine } from "./fping_output.ts";
import type { Observed, PingOptions, PingTool, Target } from "./ping_target.ts";
import {
  answered,
  begin,
  cannotResolve,
  exitCode,
  gone,
  lost,
  newObserved,
  newTarget,
  summary,
  targetsOf,
  unsent,
} from "./ping_target.ts";

/**
 * Returns a tool that pings any number of destinations with one fping process. A destination counts as lost if no reply
 * was received: the exit code is 0 if all answered, 1 if some are lost, 2 if all are. Packets in flight at the end are
 * not counted. `read` throws a ScopeError when no destination is left because no host name resolves; the caller then ends
 * the run.
 *
 * @throws {ScopeError} usage, for more packets than fping can send.
 */
export function pingTool(options: PingOptions): PingTool {
  return new Ping(options);
}

class Ping implements PingTool {
  readonly argv: readonly string[];
  readonly namespaces = ["net"] as const;
  readonly stopSignal = "SIGINT";
  readonly #count: number;
  readonly #timeoutMs: number;
  readonly #rounds: Rounds;
  readonly #targets = new Map<string, Target>();
  readonly #all: readonly Observed[];
  readonly #messages: string[] = [];
  #failedWith = 0;

  constructor({ destinations, count, intervalMs }: PingOptions) {
    if (destinations.length === 0) throw new ScopeError("bug", "pingTool needs at least one destination");
    this.#count = count;
    this.#timeoutMs = replyTimeoutMs(intervalMs);
    this.#rounds = new Rounds(this.#timeoutMs);
    this.#all = destinations.map(byIcmp).map(newObserved);
    const targets = targetsOf(this.#all, ({ address }) => canonicalAddress(address));
    const beat = targets.get(beatAddress) ?? newTarget(beatAddress, []);
    targets.delete(beatAddress);
    // fping prints a target as it was given, so from here on that spelling is the key.
    for (const target of [...targets.values(), beat]) this.#targets.set(target.address, target);
    this.argv = fpingArguments([...this.#targets.keys()], count, intervalMs);
  }

  begin(time: string): PingTarget[] {
    return begin(this.#all, time);
  }

  gone(destination: Destination, reason: string, time: string): Event[] {
    return gone(this.#all, destination, reason, time);
  }

  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#finish(output.exit);
    const line = parseFpingLine(output.line);
    const target = "target" in line ? this.#targets.get(line.target) : undefined;
    if (target === undefined) {
      if (output.stream === "stderr" && output.line.trim() !== "") this.#messages.push(output.line.trim());
      this.#messages.splice(0, this.#messages.length - 3);
      return [];
    }
    switch (line.kind) {
      case "reply":
        return this.#settle(target, line.seq, line.at ?? Date.parse(output.time), line.rttMs);
      case "timeout":
        return this.#settle(target, line.seq, line.at ?? Date.parse(output.time), undefined);
      case "icmp":
        target.icmp = line.reason;
        return [];
      case "total":
        target.total = line.sent;
        return [];
      case "about":
        return cannotResolve(target, this.#targets.values(), line.words, output.time);
      default:
        return [];
    }
  }

  exitCode(): number {
    return this.#failedWith || exitCode(this.#all, this.#targets.values());
  }

  #settle(target: Target, seq: number, at: number, rttMs: number | undefined): Event[] {
    const events: Event[] = [];
    const due = this.#rounds.sent(seq, at - (rttMs ?? this.#timeoutMs), target.address === beatAddress);
    const time = new Date(at).toISOString();
    if (!target.attempts.settle(seq)) {
      target.repeated += 1;
    } else {
      events.push(...(rttMs === undefined ? lost(target, seq, time) : answered(target, seq, rttMs, time)));
    }
    if (due === undefined) return events;
    const targets = [...this.#targets.values()].filter((one) => !one.failed);
    return [...events, ...targets.flatMap((one) => unsent(one, one.attempts.open(due), time))];
  }

  /** Reads fping's totals: a packet that they count as sent, but that no line mentioned, could not be sent. */
  #finish(exit: ToolExit): Event[] {
    const time = now();
    const events: Event[] = [];
    const done = this.#count > 0 && this.#targets.get(beatAddress)?.total === this.#count;
    for (const target of this.#targets.values()) {
      const { attempts, total = 0, repeated } = target;
      if (target.failed) continue;
      if (done) events.push(...unsent(target, attempts.open(this.#count - 1), time));
      const silent = Math.max(0, total - repeated - attempts.settled);
      events.push(...unsent(target, attempts.open(total).slice(0, silent), time));
    }
    // 1 and 2 mean lost and unknown hosts; 130 is a SIGINT before fping handled it.
    if (exit.code > 2 && exit.code !== 130) {
      this.#failedWith = exit.code;
      const reason = this.#messages.join("; ") || "it said nothing; to open its socket it needs NET_RAW";
      events.push({ type: "failed", time, subject: "fping", reason: `exit code ${exit.code}: ${reason}` });
    }
    return [...events, ...this.#all.map((observed) => summary(observed, time))];
  }
}
