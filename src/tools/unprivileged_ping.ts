import { ScopeError } from "../errors.ts";
import { type Destination, type Event, now, type PingTarget } from "../event.ts";
import type { ToolExit, ToolOutput } from "../tool.ts";
import { canonicalAddress, replyTimeoutMs } from "./fping_arguments.ts";
import { IcmpTarget } from "./icmp_target.ts";
import { leastIntervalMs, mostProcesses, pingArguments } from "./ping_arguments.ts";
import { parsePingLine } from "./ping_output.ts";
import type { Observed, PingOptions, PingTool, Target } from "./ping_target.ts";
import {
  answered,
  begin,
  byIcmp,
  cannotResolve,
  exitCode,
  gone,
  lost,
  newObserved,
  summary,
  targetsOf,
  unsent,
} from "./ping_target.ts";
import { parseTcpPingLine } from "./tcp_ping_output.ts";

/** Each line passes through a shell, and each TCP ping opens a connection. */
const mostPerSecond = 1000;
/** Where nothing says which port a host has: a refusal is a reply, too. */
const usualPort = 80;

export interface UnprivilegedPingOptions extends PingOptions {
  /** How many addresses may be pinged by ICMP, a process each. */
  mostIcmp?: number;
}

/** A PingTool, and how it pings whom. */
export interface UnprivilegedPingTool extends PingTool {
  readonly icmp: number;
  readonly tcp: number;
  /** Those of `tcp`, ascending. */
  readonly ports: readonly number[];
  readonly intervalMs: number;
}

/**
 * Pings where NET_RAW is not to be had: the first addresses by unprivileged ICMP, the rest by TCP connections, which end
 * as soon as they are accepted or refused. Events, summary and exit code are those of `pingTool`.
 *
 * @throws {ScopeError} usage, when that is more than a thousand pings a second.
 */
export function unprivilegedPingTool(options: UnprivilegedPingOptions): UnprivilegedPingTool {
  return new UnprivilegedPing(options);
}

/** Says how these are pinged; `why` there is no ICMP. */
export function howPinged({ icmp, tcp, ports }: UnprivilegedPingTool, why?: string): string {
  const listed = ports.length > 5 ? [...ports.slice(0, 5), "…"] : ports;
  const byTcp = `by TCP connect (port${ports.length === 1 ? "" : "s"} ${listed.join(", ")})`;
  if (why !== undefined) return `no NET_RAW here, and no unprivileged ICMP (${why}): pinging ${byTcp}`;
  if (tcp === 0) return "no NET_RAW here: pinging with unprivileged ICMP";
  return `no NET_RAW here: pinging ${icmp} of ${icmp + tcp} with unprivileged ICMP, ${tcp} ${byTcp}`;
}

class UnprivilegedPing implements UnprivilegedPingTool {
  readonly argv: readonly string[];
  readonly namespaces = ["net"] as const;
  readonly stopSignal = "SIGINT";
  readonly icmp: number;
  readonly tcp: number;
  readonly ports: readonly number[];
  readonly intervalMs: number;
  readonly #all: readonly Observed[];
  /** By ICMP first: their places are the labels of their lines. */
  readonly #members: readonly (IcmpTarget | Target)[];
  readonly #targets: readonly Target[];
  readonly #words: string[] = [];
  #clock = 0;
  #failedWith = 0;

  constructor({ destinations, count, intervalMs, mostIcmp = mostProcesses }: UnprivilegedPingOptions) {
    this.intervalMs = Math.max(leastIntervalMs, intervalMs);
    const timeoutMs = replyTimeoutMs(this.intervalMs);
    const addresses = [...new Set(destinations.map(({ address }) => canonicalAddress(address)))];
    const icmpKeys = new Set(addresses.slice(0, mostIcmp));
    const isIcmp = ({ address }: Destination) => icmpKeys.has(canonicalAddress(address));
    this.#all = destinations.map((one) => newObserved(isIcmp(one) ? byIcmp(one) : byTcp(one)));
    const ofIcmp = targetsOf(this.#all.filter((one) => isIcmp(one.destination)), keyOf);
    const ofTcp = targetsOf(this.#all.filter((one) => !isIcmp(one.destination)), keyOf);
    this.#targets = [...ofIcmp.values(), ...ofTcp.values()];
    refuseTooMany(this.#targets.length, this.intervalMs);
    const options = { count, intervalMs: this.intervalMs, timeoutMs };
    this.#members = [...[...ofIcmp.values()].map((target) => new IcmpTarget(target, options)), ...ofTcp.values()];
    const tcp = [...ofTcp.values()].map(({ address, observed }) => ({
      address,
      port: observed[0]?.destination.port ?? usualPort,
    }));
    this.icmp = this.#all.filter((one) => isIcmp(one.destination)).length;
    this.tcp = this.#all.length - this.icmp;
    this.ports = [...new Set(tcp.map(({ port }) => port))].toSorted((a, b) => a - b);
    this.argv = pingArguments({ icmp: [...ofIcmp.values()].map(({ address }) => address), tcp, ...options });
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
    if (label === "tcp") return this.#tcpEnded(line, output.time);
    const member = label === "" ? undefined : this.#members[Number(label)];
    if (member instanceof IcmpTarget) return this.#readIcmp(member, line, output.time);
    if (member !== undefined) return this.#readTcp(member, line, output.time);
    this.#remember(output.line);
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

  #tcpEnded(line: string, time: string): Event[] {
    const code = Number(/^exit (\d+)$/.exec(line)?.[1] ?? 0);
    if (code === 0) return [];
    this.#failedWith = code;
    return [{ type: "failed", time, subject: "TCP ping", reason: `exit code ${code}: ${this.#said()}` }];
  }

  #finish(exit: ToolExit): Event[] {
    const time = now(), events: Event[] = [];
    if (exit.code !== 0 && exit.code !== 130) {
      this.#failedWith = exit.code;
      events.push({ type: "failed", time, subject: "ping", reason: `exit code ${exit.code}: ${this.#said()}` });
    }
    return [...events, ...this.#all.map((observed) => summary(observed, time))];
  }

  #remember(line: string): void {
    if (line.trim() !== "") this.#words.push(line.trim());
    this.#words.splice(0, this.#words.length - 3);
  }

  #said(): string {
    return this.#words.join("; ") || "it said nothing";
  }
}

function byTcp(destination: Destination): Destination {
  return { ...destination, protocol: "tcp", port: destination.port ?? usualPort };
}

/** Two pods on one node's address may have ports of their own. */
function keyOf({ address, port }: Destination): string {
  return `${canonicalAddress(address)} ${port ?? ""}`;
}

function refuseTooMany(targets: number, intervalMs: number): void {
  if (targets * 1000 / intervalMs <= mostPerSecond) return;
  const seconds = Math.ceil(targets / mostPerSecond * 1000) / 1000;
  throw new ScopeError("usage", `Cannot ping ${targets} destinations every ${intervalMs / 1000} s without NET_RAW`, {
    hint: `that goes up to ${mostPerSecond} pings a second; use an interval of ${seconds} s or more`,
  });
}
