import { ScopeError } from "../../errors.ts";
import type { Destination } from "../../target.ts";
import { canonicalAddress, replyTimeoutMs } from "./fping_arguments.ts";
import { leastIntervalMs, mostProcesses } from "./ping_arguments.ts";
import type { Observed, PingOptions, Target } from "./ping_target.ts";
import { byIcmp } from "../../runs/by_icmp.ts";
import { newObserved, targetsOf } from "./ping_target.ts";

/** Limit of pings a second: each line passes through a shell, and each TCP ping opens a connection. */
const mostPerSecond = 1000;
/** TCP port of hosts without a known port: a refusal is a reply, too. */
const usualPort = 80;

export interface UnprivilegedPingOptions extends PingOptions {
  /** Limit of addresses pinged by ICMP, one process each. */
  mostIcmp?: number;
}

/** The destinations by ICMP and by TCP, where NET_RAW is not available. */
export interface ProbePlan {
  readonly observed: readonly Observed[];
  readonly icmp: readonly Target[];
  readonly tcp: readonly Target[];
  readonly intervalMs: number;
  /** Time to wait for an ICMP reply. */
  readonly timeoutMs: number;
}

/**
 * Plans the first addresses by ICMP, the rest by TCP. An address that several pods share is pinged once, by TCP once for
 * each port.
 *
 * @throws {ScopeError} usage, for more than a thousand pings a second.
 */
export function planPings(
  { destinations, intervalMs: wantedMs, mostIcmp = mostProcesses }: UnprivilegedPingOptions,
): ProbePlan {
  const intervalMs = Math.max(leastIntervalMs, wantedMs);
  const addresses = [...new Set(destinations.map(({ address }) => canonicalAddress(address)))];
  const chosen = new Set(addresses.slice(0, mostIcmp));
  const isIcmp = ({ address }: Destination) => chosen.has(canonicalAddress(address));
  const observed = destinations.map((one) => newObserved(isIcmp(one) ? byIcmp(one) : byTcp(one)));
  const targets = [...targetsOf(observed, keyOf).values()];
  refuseTooMany(targets.length, intervalMs);
  return {
    observed,
    icmp: targets.filter((one) => portOf(one) === undefined),
    tcp: targets.filter((one) => portOf(one) !== undefined),
    intervalMs,
    timeoutMs: replyTimeoutMs(intervalMs),
  };
}

/** Returns the TCP port of a target; undefined if it is pinged by ICMP. */
export function portOf({ observed }: Target): number | undefined {
  return observed[0]?.destination.port;
}

/** Returns a notice about the use of ICMP and TCP. `why` is the reason if ICMP is not available. */
export function howPinged({ observed, tcp }: ProbePlan, why?: string): string {
  const ports = [...new Set(tcp.map(portOf))].toSorted((a = 0, b = 0) => a - b);
  const listed = ports.length > 5 ? [...ports.slice(0, 5), "…"] : ports;
  const byTcp = `by TCP connect (port${ports.length === 1 ? "" : "s"} ${listed.join(", ")})`;
  if (why !== undefined) return `no NET_RAW here, and no unprivileged ICMP (${why}): pinging ${byTcp}`;
  if (tcp.length === 0) return "no NET_RAW here: pinging with unprivileged ICMP";
  const count = tcp.flatMap((one) => one.observed).length;
  return `no NET_RAW here: pinging ${observed.length - count} of ${observed.length} with unprivileged ICMP, ` +
    `${count} ${byTcp}`;
}

function byTcp(destination: Destination): Destination {
  return { ...destination, protocol: "tcp", port: destination.port ?? usualPort };
}

/** Returns the key of a target: two pods with the address of their node may have different ports. */
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
