import type { Cycle, CycleLink } from "./cycle_link.ts";
import { delay } from "../../lib/delay.ts";

/** Number of connections waiting for an answer from which on a new connection triggers a test for a cycle. */
const leastWaiting = 2;
/** Longest time from connecting one connection to the arrival of the next in a suspected cycle, in milliseconds. */
const longestGapMs = 1000;
/** Limits of the wait for the next connection, in milliseconds: three times the last gap plus the least, at most the longest. */
const longestWaitMs = 700, leastWaitMs = 150;
/** Silence required before a connection without bytes to hold back is admitted, in milliseconds. */
const quietMs = 600;
/** Limit of the first bytes that are sent ahead: no client sends so few at once. */
const mostAhead = 12;
/** Number of connections that the list may grow by before those that no longer wait are pruned. */
const pruneMargin = 64;
/** Weights of a connection that arrives with exactly the bytes sent ahead, and of any other that follows a step. */
const certain = 3, likely = 1;
/** Sum of weights from which on the connections count as a cycle. */
const threshold = 5;
/**
 * Silence required if a connection of weight `likely` would decide the test, in milliseconds. It is longer than the interval
 * of clients whose next request follows a step by chance.
 */
const certainMs = 2500;
/** Time after a test without result during which the next test needs more waiting connections, in milliseconds. */
const patientMs = 60_000;

/** Connections from one address of a pod's network to one local address. */
export class CycleChain {
  /** Connections in order of arrival, including some that no longer wait. */
  #waiting: CycleLink[] = [];
  /** Length of the list after the last prune. */
  #kept = 0;
  #leastWaiting = leastWaiting;
  #testedAt = -Infinity;
  #testing = false;
  /** Receives new connections while a test waits for one. */
  #arrival: ((link: CycleLink) => void) | undefined;

  constructor(private readonly found: () => Promise<Cycle>) {}

  get isIdle(): boolean {
    return !this.#testing && !this.#waiting.some(({ waits }) => waits) &&
      performance.now() - this.#testedAt > patientMs;
  }

  add(link: CycleLink): void {
    const gapMs = this.#gapMs(link);
    this.#waiting.push(link);
    if (this.#waiting.length > 2 * this.#kept + pruneMargin) this.#prune();
    if (this.#arrival !== undefined) this.#arrival(link);
    else if (gapMs === undefined || this.#testing) link.admit();
    else void this.#test(link, Math.min(longestWaitMs, 3 * gapMs + leastWaitMs));
  }

  /** Returns the longest gap between the last waiting connections; undefined if they are not suspected of a cycle. */
  #gapMs(link: CycleLink): number | undefined {
    if (performance.now() - this.#testedAt > patientMs) this.#leastWaiting = leastWaiting;
    while (this.#waiting.at(-1)?.waits === false) this.#waiting.pop();
    const [first, second] = this.#waiting.slice(-2);
    if (first === undefined || second === undefined || this.#waiting.length < this.#leastWaiting) return undefined;
    const gaps = [second.arrivedAt - first.connectedAt, link.arrivedAt - second.connectedAt];
    if (!gaps.every((gap) => gap >= 0 && gap <= longestGapMs)) return undefined;
    this.#prune();
    return first.waits && this.#waiting.length >= this.#leastWaiting ? Math.max(...gaps) : undefined;
  }

  #prune(): void {
    this.#waiting = this.#waiting.filter(({ waits }) => waits);
    this.#kept = this.#waiting.length;
  }

  async #test(suspect: CycleLink, waitMs: number): Promise<void> {
    this.#testing = true;
    const waiting = this.#waiting.length;
    let sum = 0;
    for (let link: CycleLink | undefined = suspect; link !== undefined;) {
      const next = await this.#next(link, waitMs, sum + likely >= threshold ? certainMs : undefined);
      link.admit();
      link.sendRest();
      sum += next?.weight ?? 0;
      if (sum >= threshold) {
        next?.link.admit({ cycle: await this.found(), fresh: true });
        break;
      }
      link = next?.link;
    }
    this.#testing = false;
    this.#testedAt = performance.now();
    // Randomised, as two redirects that test each other's connections would otherwise keep disturbing each other.
    this.#leastWaiting = sum >= threshold ? leastWaiting : Math.ceil(waiting * (1.5 + Math.random()));
  }

  /** Admits a connection step by step. Returns the connection that arrives in consequence, and its weight. */
  async #next(
    link: CycleLink,
    waitMs: number,
    holdMs?: number,
  ): Promise<{ link: CycleLink; weight: number } | undefined> {
    const late = new AbortController();
    const first = await Promise.race([link.first(), link.over, delay(waitMs, late.signal)]) ?? new Uint8Array();
    late.abort();
    if (first.length < 2) {
      const { match } = await this.#look(link, holdMs ?? Math.min(4 * waitMs, quietMs));
      link.admit();
      if (match !== undefined) return void match.admit();
      const { match: next } = await this.#look(link, waitMs);
      return next && { link: next, weight: likely };
    }
    const most = Math.min(first.length - 1, mostAhead), least = Math.ceil(most / 2);
    const ahead = first.subarray(0, least + Math.floor(Math.random() * (most - least + 1)));
    link.holdBack(ahead.length);
    link.admit();
    const { match, bytes, others } = await this.#look(link, holdMs ?? waitMs, (bytes) => startsWith(ahead, bytes));
    link.sendRest();
    // The new connection has fewer bytes if another redirect holds some back.
    if (match !== undefined) return { link: match, weight: bytes?.length === ahead.length ? certain : likely };
    if (others > 0) return undefined;
    const { match: next } = await this.#look(link, waitMs, (bytes) => lineOf(bytes) === lineOf(first));
    return next && { link: next, weight: likely };
  }

  /**
   * Holds new connections until one matches: by its first bytes, or, without `matches`, the first one. Ends after `ms`, or when
   * `link` is over. All other connections are admitted.
   */
  #look(link: CycleLink, ms: number, matches?: (bytes: Uint8Array) => boolean): Promise<Seen> {
    const held = new Set<CycleLink>(), { promise, resolve } = Promise.withResolvers<Seen>();
    let others = 0;
    const end = (found: Omit<Seen, "others"> = {}) => {
      if (this.#arrival !== arrival) return;
      clearTimeout(timer);
      this.#arrival = undefined;
      for (const one of held) if (one !== found.match) one.admit();
      resolve({ ...found, others });
    };
    const arrival = this.#arrival = (candidate: CycleLink) => {
      if (matches === undefined) return end({ match: candidate });
      held.add(candidate);
      void Promise.race([candidate.first(), candidate.over]).then((bytes) => {
        if (this.#arrival !== arrival) return;
        if (bytes !== undefined && matches(bytes)) return end({ match: candidate, bytes });
        others += 1;
        held.delete(candidate);
        candidate.admit();
      });
    };
    const timer = setTimeout(end, ms);
    void link.over.then(() => end());
    return promise;
  }
}

/** The matching connection, its first bytes if they were compared, and the number of connections that did not match. */
interface Seen {
  match?: CycleLink;
  bytes?: Uint8Array;
  others: number;
}

/** True if `whole` begins with `bytes`, and `bytes` is not empty. */
function startsWith(whole: Uint8Array, bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= whole.length && bytes.every((byte, at) => byte === whole[at]);
}

/** Returns the first line, which proxies pass on unchanged: they add lines after it. */
function lineOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? Math.min(bytes.length, 64) : Math.min(end, 1024)));
}
