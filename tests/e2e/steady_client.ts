import { until } from "../cluster/wait.ts";

/** One request of a client that never stops asking. */
export interface SteadyRequest {
  /** Counts from 1. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly sent: number;
  /** How long it took. */
  readonly ms: number;
  /** `LAPTOP`, `POD`, or why nobody has answered. */
  readonly who: string;
}

export interface SteadyOptions {
  readonly address: string;
  readonly port: number;
  /** A process of this machine whose network the requests come from. */
  readonly pid: number;
  readonly everyMs?: number;
  /** How long one request may take. */
  readonly limitMs?: number;
}

/** Sends a request every 20 ms from the network of a process, and keeps what became of each. */
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

  /** Waits until `count` requests in a row that were sent from now on were answered by `who`. */
  async until(who: string, seconds: number, count = 5): Promise<void> {
    const since = epochMs();
    await until(`${count} answers of ${who} in a row`, seconds, () => {
      const last = this.requests.filter(({ sent }) => sent >= since).slice(-count);
      return last.length === count && last.every((request) => request.who === who);
    }, { every: 20, missing: () => JSON.stringify(this.requests.slice(-3)) });
  }

  /** Waits until all requests that were sent before this time have ended, and some that were sent after it. */
  async pastTime(at: number): Promise<void> {
    await until("requests that were sent later", (at - epochMs()) / 1000 + 15, () => {
      const last = this.requests.filter(({ sent }) => sent > at).map(({ number }) => number).sort((a, b) => a - b)[4];
      return last !== undefined && this.requests.filter(({ number }) => number <= last).length === last;
    }, { missing: () => JSON.stringify(this.requests.slice(-3)) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {}); // it may have ended already
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

/** The clock of the requests: that of the machine, to a fraction of a millisecond. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

function since(requests: readonly SteadyRequest[], at: number): SteadyRequest[] {
  return requests.filter(({ sent }) => sent >= at).toSorted((a, b) => a.sent - b.sent);
}

function isWell({ who, ms }: SteadyRequest, wanted: readonly string[], slowMs: number): boolean {
  return wanted.includes(who) && ms <= slowMs;
}

/** A frozen client is waited for longer than that before the pod answers; a machine under load may be slow itself. */
const slowMsByDefault = 1400;

/** What became of the requests since `at` that were not well, for people: when they were sent, how long they took. Pure. */
export function troubles(
  requests: readonly SteadyRequest[],
  at: number,
  wanted: readonly string[],
  slowMs = slowMsByDefault,
): string[] {
  return since(requests, at).filter((request) => !isWell(request, wanted, slowMs)).map(({ sent, ms, who }) =>
    `at ${(sent - at).toFixed(0)} ms ${who} after ${ms.toFixed(0)} ms`
  );
}

/**
 * How long after `at` it took until all was well, in milliseconds: up to the first request from which on each was answered
 * by one of `wanted`, and within `slowMs`. 0 when all were, Infinity when the last one was not. Pure.
 */
export function recoveryMs(
  requests: readonly SteadyRequest[],
  at: number,
  wanted: readonly string[],
  slowMs = slowMsByDefault,
): number {
  const later = since(requests, at), bad = later.findLastIndex((request) => !isWell(request, wanted, slowMs));
  if (bad < 0) return later.length === 0 ? Infinity : 0;
  return (later[bad + 1]?.sent ?? Infinity) - at;
}
