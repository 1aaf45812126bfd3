import type { Cycle, CycleLink } from "./cycle_link.ts";
import { delay } from "../../lib/delay.ts";

/** Cycles are looked for where so many connections wait for an answer while the next one comes. */
const suspects = 2;
/** Each comes so soon after the one before has been connected, in milliseconds. */
const longestGapMs = 1000;
/** The next one is waited for three times as long as it took before, and a bit; at most so long, in milliseconds. */
const longestWaitMs = 700, leastWaitMs = 150;
/** Silence that is awaited before a connection without bytes to hold back is let through, in milliseconds. */
const quietMs = 600;
/** So many of the first bytes go ahead at most: no client sends so few at once. */
const mostAhead = 12;
/** So many connections that wait no more are kept before they are looked for. */
const forgetfulness = 64;
/** Weights of a connection that arrives with exactly the bytes that went ahead, and of any other that follows a step. */
const certain = 3, likely = 1;
/** From so much on it is a cycle. */
const enough = 5;
/**
 * Silence before a connection that would decide by being likely alone, in milliseconds: longer than the pace of clients whose
 * next request follows a step by chance.
 */
const certainMs = 2500;
/** Time after a search in vain during which more waiting connections are needed for the next one, in milliseconds. */
const patientMs = 60_000;

/** The connections from one address of a pod's network to one local address. */
export class CycleChain {
  /** Among them some that wait no more. */
  #waiting: CycleLink[] = [];
  /** Length of the list after the last prune. */
  #kept = 0;
  #least = suspects;
  #testedAt = -Infinity;
  #testing = false;
  /** Gets what comes while a test looks for it. */
  #arrival: ((link: CycleLink) => void) | undefined;

  constructor(private readonly found: () => Promise<Cycle>) {}

  get isIdle(): boolean {
    return !this.#testing && !this.#waiting.some(({ waits }) => waits) &&
      performance.now() - this.#testedAt > patientMs;
  }

  add(link: CycleLink): void {
    const gapMs = this.#gapMs(link);
    this.#waiting.push(link);
    if (this.#waiting.length > 2 * this.#kept + forgetfulness) this.#prune();
    if (this.#arrival !== undefined) this.#arrival(link);
    else if (gapMs === undefined || this.#testing) link.admit();
    else void this.#test(link, Math.min(longestWaitMs, 3 * gapMs + leastWaitMs));
  }

  /** The longest time between the last connections that wait, each within the one before; undefined where nothing is suspect. */
  #gapMs(link: CycleLink): number | undefined {
    if (performance.now() - this.#testedAt > patientMs) this.#least = suspects;
    while (this.#waiting.at(-1)?.waits === false) this.#waiting.pop();
    const [first, second] = this.#waiting.slice(-2);
    if (first === undefined || second === undefined || this.#waiting.length < this.#least) return undefined;
    const gaps = [second.arrivedAt - first.connectedAt, link.arrivedAt - second.connectedAt];
    if (!gaps.every((gap) => gap >= 0 && gap <= longestGapMs)) return undefined;
    this.#prune();
    return first.waits && this.#waiting.length >= this.#least ? Math.max(...gaps) : undefined;
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
      const next = await this.#next(link, waitMs, sum + likely >= enough ? certainMs : undefined);
      link.admit();
      link.sendRest();
      sum += next?.counts ?? 0;
      if (sum >= enough) {
        next?.link.admit({ cycle: await this.found(), fresh: true });
        break;
      }
      link = next?.link;
    }
    this.#testing = false;
    this.#testedAt = performance.now();
    // By chance, as two that test each other's connections would otherwise disturb each other again and again.
    this.#least = sum >= enough ? suspects : Math.ceil(waiting * (1.5 + Math.random()));
  }

  /** Lets a connection through step by step; returns the one that comes of it. */
  async #next(
    link: CycleLink,
    waitMs: number,
    holdMs?: number,
  ): Promise<{ link: CycleLink; counts: number } | undefined> {
    const late = new AbortController();
    const first = await Promise.race([link.first(), link.over, delay(waitMs, late.signal)]) ?? new Uint8Array();
    late.abort();
    if (first.length < 2) {
      const { come } = await this.#look(link, holdMs ?? Math.min(4 * waitMs, quietMs));
      link.admit();
      if (come !== undefined) return void come.admit();
      const { come: next } = await this.#look(link, waitMs);
      return next && { link: next, counts: likely };
    }
    const most = Math.min(first.length - 1, mostAhead), least = Math.ceil(most / 2);
    const ahead = first.subarray(0, least + Math.floor(Math.random() * (most - least + 1)));
    link.holdBack(ahead.length);
    link.admit();
    const { come, bytes, others } = await this.#look(link, holdMs ?? waitMs, (bytes) => startsWith(ahead, bytes));
    link.sendRest();
    // Fewer are there where somebody else holds back some of them.
    if (come !== undefined) return { link: come, counts: bytes?.length === ahead.length ? certain : likely };
    if (others > 0) return undefined;
    const { come: next } = await this.#look(link, waitMs, (bytes) => lineOf(bytes) === lineOf(first));
    return next && { link: next, counts: likely };
  }

  /**
   * Holds what comes until it is the one that is looked for: by its first bytes, or the first that comes. At the latest after so
   * many milliseconds, or when `link` is over. All others are let through.
   */
  #look(link: CycleLink, ms: number, isIt?: (bytes: Uint8Array) => boolean): Promise<Seen> {
    const held = new Set<CycleLink>(), { promise, resolve } = Promise.withResolvers<Seen>();
    let others = 0;
    const end = (found: Omit<Seen, "others"> = {}) => {
      if (this.#arrival !== arrival) return;
      clearTimeout(timer);
      this.#arrival = undefined;
      for (const one of held) if (one !== found.come) one.admit();
      resolve({ ...found, others });
    };
    const arrival = this.#arrival = (come: CycleLink) => {
      if (isIt === undefined) return end({ come });
      held.add(come);
      void Promise.race([come.first(), come.over]).then((bytes) => {
        if (this.#arrival !== arrival) return;
        if (bytes !== undefined && isIt(bytes)) return end({ come, bytes });
        others += 1;
        held.delete(come);
        come.admit();
      });
    };
    const timer = setTimeout(end, ms);
    void link.over.then(() => end());
    return promise;
  }
}

/** The connection that arrived, its first bytes where they were looked at, and the number of others. */
interface Seen {
  come?: CycleLink;
  bytes?: Uint8Array;
  others: number;
}

/** Whether the bytes begin with these, of which there are some. */
function startsWith(whole: Uint8Array, bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= whole.length && bytes.every((byte, at) => byte === whole[at]);
}

/** The first line, which stays the same when a request is passed on: proxies add lines after it. */
function lineOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? Math.min(bytes.length, 64) : Math.min(end, 1024)));
}
