import { until } from "../cluster/wait.ts";

/** One request of a steady client. */
export interface SteadyRequest {
  /** Counts from 1. */
  readonly number: number;
  /** Time sent, in epoch milliseconds. */
  readonly sent: number;
  /** Duration in milliseconds. */
  readonly ms: number;
  /** `LAPTOP`, `POD`, or the reason of a failure. */
  readonly who: string;
}

export interface SteadyOptions {
  readonly address: string;
  readonly port: number;
  /** Process on this machine from whose network the requests are sent. */
  readonly pid: number;
  readonly everyMs?: number;
  /** Limit of one request, in milliseconds. */
  readonly limitMs?: number;
}

/** Sends a request every 20 ms from the network of a process, and records each result. */
export class SteadyClient implements AsyncDisposable {
  readonly requests: SteadyRequest[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;

  constructor({ address, port, pid, everyMs = 20, limitMs = 6000 }: SteadyOptions) {
    const program = `${import.meta.dirname}/steady_requests.ts`;
    const words = [address, port, everyMs, limitMs].map(String);
    this.#child = new Deno.Command("nsenter", {
      args: [
        `--net=/proc/${pid}/ns/net`,
        "--",
        Deno.execPath(),
        "run",
        "-A",
        "--quiet",
        "--no-config",
        program,
        ...words,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#read = this.#collect();
  }

  /** Waits until `who` has answered `count` consecutive requests that were sent from now on. */
  async until(who: string, seconds: number, count = 5): Promise<void> {
    const since = epochMs();
    await until(`${count} answers of ${who} in a row`, seconds, () => {
      const last = this.requests.filter(({ sent }) => sent >= since).slice(-count);
      return last.length === count && last.every((request) => request.who === who);
    }, { every: 20, missing: () => JSON.stringify(this.requests.slice(-3)) });
  }

  /** Waits until all requests sent before this time, and some sent after it, have ended. */
  async pastTime(at: number): Promise<void> {
    await until("requests that were sent later", (at - epochMs()) / 1000 + 15, () => {
      const last = this.requests.filter(({ sent }) => sent > at).map(({ number }) => number).sort((a, b) => a - b)[4];
      return last !== undefined && this.requests.filter(({ number }) => number <= last).length === last;
    }, { missing: () => JSON.stringify(this.requests.slice(-3)) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {}); // the child may have ended already
    await this.#child.status;
    await this.#read;
  }

  async #collect(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.requests.push(...lines.map((line) => JSON.parse(line) as SteadyRequest));
    }
  }
}

/** Returns the time of the requests' clock, the machine's, in epoch milliseconds with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

function since(requests: readonly SteadyRequest[], at: number): SteadyRequest[] {
  return requests.filter(({ sent }) => sent >= at).toSorted((a, b) => a.sent - b.sent);
}

/** Limit for a good request, in milliseconds: a frozen client delays requests longer, a busy machine less. */
const slowMs = 1400;

function isWell({ who, ms }: SteadyRequest, wanted: readonly string[]): boolean {
  return wanted.includes(who) && ms <= slowMs;
}

/** Describes the bad requests since `at` for messages: when they were sent and how long they took. Pure. */
export function troubles(
  requests: readonly SteadyRequest[],
  at: number,
  wanted: readonly string[],
): string[] {
  return since(requests, at).filter((request) => !isWell(request, wanted)).map(({ sent, ms, who }) =>
    `at ${(sent - at).toFixed(0)} ms ${who} after ${ms.toFixed(0)} ms`
  );
}

/** Returns when the first bad request since `at` was sent, in epoch milliseconds. Pure. */
export function firstTrouble(
  requests: readonly SteadyRequest[],
  at: number,
  wanted: readonly string[],
): number | undefined {
  return since(requests, at).find((request) => !isWell(request, wanted))?.sent;
}

/**
 * Returns the time from `at` to recovery, in milliseconds: to the first request from which on each was answered by one of
 * `wanted`, and within `slowMs`. 0 when all were good, Infinity when the last one was not. Pure.
 */
export function recoveryMs(
  requests: readonly SteadyRequest[],
  at: number,
  wanted: readonly string[],
): number {
  const later = since(requests, at), bad = later.findLastIndex((request) => !isWell(request, wanted));
  if (bad < 0) return later.length === 0 ? Infinity : 0;
  return (later[bad + 1]?.sent ?? Infinity) - at;
}
