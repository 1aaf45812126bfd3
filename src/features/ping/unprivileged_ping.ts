import { type Event, type PingTarget } from "../../event.ts";
import { type Destination } from "../../target.ts";
import { now } from "../../lib/timed.ts";
import type { ToolExit, ToolOutput } from "../../tool.ts";
import { IcmpTarget } from "./icmp_target.ts";
import { pingArguments } from "./ping_arguments.ts";
import { parsePingLine } from "./ping_output.ts";
import type { ProbePlan, UnprivilegedPingOptions } from "./ping_plan.ts";
import { planPings, portOf } from "./ping_plan.ts";
import type { Observed, PingTool, Target } from "./ping_target.ts";
import { answered, begin, cannotResolve, exitCode, gone, lost, summary, unsent } from "./ping_target.ts";
import { parseTcpPingLine } from "./tcp_ping_output.ts";

/** A PingTool with its plan. */
export interface UnprivilegedPingTool extends PingTool {
  readonly plan: ProbePlan;
}

/**
 * Returns a tool that pings without NET_RAW: the first addresses by unprivileged ICMP, the rest by TCP connections, which
 * end as soon as they are accepted or refused. Events, summary and exit code are those of `pingTool`.
 *
 * @throws {ScopeError} usage, for more than a thousand pings a second.
 */
export function unprivilegedPingTool(options: UnprivilegedPingOptions): UnprivilegedPingTool {
  return new UnprivilegedPing(options);
}

class UnprivilegedPing implements UnprivilegedPingTool {
  readonly argv: readonly string[];
  readonly namespaces = ["net"] as const;
  readonly stopSignal = "SIGINT";
  readonly plan: ProbePlan;
  readonly #all: readonly Observed[];
  readonly #targets: readonly Target[];
  /** All targets, those by ICMP first; an index is the label of the target's lines. */
  readonly #members: readonly (IcmpTarget | Target)[];
  readonly #messages: string[] = [];
  #clock = 0;
  #tcpCode = 0;
  #failedWith = 0;

  constructor(options: UnprivilegedPingOptions) {
    const { observed, icmp, tcp, intervalMs, timeoutMs } = this.plan = planPings(options);
    const common = { count: options.count, intervalMs, timeoutMs };
    this.#all = observed;
    this.#targets = [...icmp, ...tcp];
    this.#members = [...icmp.map((target) => new IcmpTarget(target, common)), ...tcp];
    this.argv = pingArguments({
      icmp: icmp.map(({ address }) => address),
      tcp: tcp.map((target) => ({ address: target.address, port: portOf(target)! })),
      ...common,
    });
  }

  begin(time: string): PingTarget[] {
    return begin(this.#all, time);
  }

  gone(destination: Destination, reason: string, time: string): Event[] {
    return gone(this.#all, destination, reason, time);
  }

  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#finish(output.exit);
    const [, label = "", line = ""] = /^(\d+|tcp)\t(.*)$/.exec(output.line) ?? [];
    const member = label === "" ? undefined : this.#members[Number(label)];
    if (member instanceof IcmpTarget) return this.#readIcmp(member, line, output.time);
    if (member !== undefined) return this.#readTcp(member, line, output.time);
    if (label === "tcp") this.#tcpCode = Number(/^exit (\d+)$/.exec(line)?.[1] ?? 0);
    else this.#remember(output.line);
    return [];
  }

  exitCode(): number {
    return this.#failedWith || exitCode(this.#all, this.#targets);
  }

  #readIcmp(member: IcmpTarget, text: string, time: string): Event[] {
    if (text === "end") return member.end(time);
    const line = parsePingLine(text), { target } = member;
    if (line.kind === "about" && line.subject === target.address) {
      return cannotResolve(target, this.#targets, line.words, time);
    }
    if ("at" in line) this.#clock = Math.max(this.#clock, line.at);
    const events = member.read(line, time, this.#clock);
    return [...events, ...this.#members.flatMap((one) => one instanceof IcmpTarget ? one.due(this.#clock) : [])];
  }

  #readTcp(target: Target, text: string, received: string): Event[] {
    const line = parseTcpPingLine(text);
    if (line.kind === "other") return [];
    if (line.kind === "unresolved") return cannotResolve(target, this.#targets, line.words, received);
    const time = new Date(line.at).toISOString();
    if (line.kind === "unsent") return unsent(target, [line.seq], time, line.reason);
    if (!target.attempts.settle(line.seq)) return [];
    if (line.kind === "reply") return answered(target, line.seq, line.rttMs, time);
    if (line.reason !== undefined) target.icmp = line.reason;
    return lost(target, line.seq, time);
  }

  #finish(exit: ToolExit): Event[] {
    const time = now(), events: Event[] = [];
    const shellFailed = exit.code !== 0 && exit.code !== 130;
    const code = this.#failedWith = shellFailed ? exit.code : this.#tcpCode;
    if (code !== 0) {
      const reason = `exit code ${code}: ${this.#messages.join("; ") || "it said nothing"}`;
      events.push({ type: "failed", time, subject: shellFailed ? "ping" : "TCP ping", reason });
    }
    return [...events, ...this.#all.map((observed) => summary(observed, time))];
  }

  /** Keeps the first three lines that contain a letter: the first lines of a crash say most. */
  #remember(line: string): void {
    if (/\p{L}/u.test(line) && this.#messages.length < 3) this.#messages.push(line.trim());
  }
}
