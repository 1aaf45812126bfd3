import { delay } from "./delay.ts";

/** A program of this machine. */
export interface LocalProgram {
  name: string;
  pid: number;
}

/** Connections that go to a local address and come back from the pod. */
export interface Cycle {
  local: string;
  /** Listens on that address; undefined where this machine does not tell. */
  program?: LocalProgram;
  /** In words for people. */
  reason: string;
}

/** Cycles are looked for where so many connections wait for an answer while the next one comes. */
const suspects = 2;
/** Each comes so soon after the one before has been connected, in milliseconds. */
const longestGapMs = 1000;
/** The next one is waited for three times as long as it took before, and a bit; at most so long, in milliseconds. */
const longestWaitMs = 700, leastWaitMs = 150;
/** Nothing may come for so long before a connection is let through that has no bytes to hold back; milliseconds. */
const quietMs = 600;
/** So many of the first bytes go ahead at most: no client sends so few at once. */
const mostAhead = 12;
/** How much a connection counts that comes with just the bytes that went ahead, and any other that comes of a step. */
const certain = 3, likely = 1;
/** From so much on it is a cycle. */
const enough = 5;
/** How long after a vain search more connections have to wait before the next one, in milliseconds. */
const patientMs = 60_000;
/** How long the pod answers everything itself; then it is tried again. Milliseconds. */
const closedMs = 10_000;
/** How often at most what is not needed any more is looked for, in milliseconds. */
const sweepMs = 1000;
/** Where answers are not heard, a connection counts as waiting for so long; milliseconds. */
const unheardMs = 2000;

/**
 * Finds connections that lead back to a pod through this machine, as where a local port is forwarded to the very port that is
 * redirected to it.
 *
 * Where connections wait for answers while more come, one of them is let through in two steps: a few of its first bytes, and then
 * the rest. In a cycle another one comes from the pod that has just these few. Where a program reads more before it connects, or
 * the server speaks first, a cycle shows by connections that come only after a step, several times in a row.
 */
export class Cycles {
  readonly #chains = new Map<string, Chain>();
  readonly #known = new Map<string, { cycle: Cycle; until: number }>();
  #sweptAt = 0;

  /** `programAt` resolves to the program that listens on a local address. */
  constructor(private readonly programAt: (local: string) => Promise<LocalProgram | undefined>) {}

  /**
   * A connection from an address of the pod's network has come that is to go to a local one. `first` resolves to its first bytes,
   * undefined when it ends without any. `heard`: an answer of the local application would be heard of.
   */
  arrived(
    local: string,
    from: string,
    first: () => Promise<Uint8Array<ArrayBuffer> | undefined>,
    { heard = true } = {},
  ): Link {
    const link = new Link(first, heard), known = this.#known.get(local), key = `${local} ${from}`;
    if (known !== undefined && performance.now() < known.until) {
      link.admit({ cycle: known.cycle, fresh: false });
      return link;
    }
    this.#sweep();
    const chain = this.#chains.get(key) ?? new Chain(() => this.#found(local));
    this.#chains.set(key, chain);
    chain.add(link);
    return link;
  }

  /** Forgets addresses from which nothing comes any more. */
  #sweep(): void {
    const now = performance.now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const [key, chain] of this.#chains) if (chain.isIdle) this.#chains.delete(key);
  }

  async #found(local: string): Promise<Cycle> {
    const program = await this.programAt(local);
    const through = program === undefined ? "" : ` through ${program.name} (pid ${program.pid})`;
    const cycle = {
      local,
      ...(program === undefined ? {} : { program }),
      reason: `${local} leads back here${through}`,
    };
    this.#known.set(local, { cycle, until: performance.now() + closedMs });
    return cycle;
  }
}

/** One connection on its way to a local address. */
export class Link {
  readonly arrivedAt = performance.now();
  connectedAt = NaN;
  readonly #admitted = Promise.withResolvers<{ cycle: Cycle; fresh: boolean } | undefined>();
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  #ahead = 0;
  #rest = Promise.withResolvers<void>();

  constructor(readonly first: () => Promise<Uint8Array<ArrayBuffer> | undefined>, readonly heard: boolean) {}

  /** Resolves when it may be connected; or to the cycle that it is part of, `fresh` where that was not known before. */
  get admitted(): Promise<{ cycle: Cycle; fresh: boolean } | undefined> {
    return this.#admitted.promise;
  }

  admit(into?: { cycle: Cycle; fresh: boolean }): void {
    this.#admitted.resolve(into);
  }

  connected(): void {
    this.connectedAt = performance.now();
  }

  /** The local application has answered, or the connection has ended. Where that is not heard, it says nothing. */
  end(): void {
    if (!this.heard) return;
    this.#isOver = true;
    this.#over.resolve();
    this.sendRest();
  }

  /** Resolves when it has ended, or was answered. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** It has been waiting for an answer. */
  get waits(): boolean {
    return this.heard ? !this.#isOver : performance.now() - this.arrivedAt < unheardMs;
  }

  /** Lets so many of its first bytes go alone. */
  holdBack(ahead: number): void {
    this.#ahead = ahead;
  }

  sendRest(): void {
    this.#rest.resolve();
  }

  /** How many of these first bytes may go now; the others may when `rest` resolves. */
  allowed(length: number): number {
    const ahead = this.#ahead;
    this.#ahead = 0;
    return ahead > 0 && ahead < length ? ahead : length;
  }

  get rest(): Promise<void> {
    return this.#rest.promise;
  }
}

/** The connections from one address of a pod's network to one local address. */
class Chain {
  #waiting: Link[] = [];
  #least = suspects;
  #testedAt = -Infinity;
  #testing = false;
  /** Gets what comes while a test looks for it. */
  #arrival: ((link: Link) => void) | undefined;

  constructor(private readonly found: () => Promise<Cycle>) {}

  get isIdle(): boolean {
    return !this.#testing && !this.#waiting.some(({ waits }) => waits) &&
      performance.now() - this.#testedAt > patientMs;
  }

  add(link: Link): void {
    this.#waiting = this.#waiting.filter(({ waits }) => waits);
    const gapMs = this.#gapMs(link);
    this.#waiting.push(link);
    if (this.#arrival !== undefined) this.#arrival(link);
    else if (gapMs === undefined || this.#testing) link.admit();
    else void this.#test(link, Math.min(longestWaitMs, 3 * gapMs + leastWaitMs));
  }

  /** The longest time between the last connections that wait, each within the one before; undefined where nothing is suspect. */
  #gapMs(link: Link): number | undefined {
    if (performance.now() - this.#testedAt > patientMs) this.#least = suspects;
    if (this.#waiting.length < this.#least) return undefined;
    const [first, second] = this.#waiting.slice(-2);
    const gaps = [second!.arrivedAt - first!.connectedAt, link.arrivedAt - second!.connectedAt];
    return gaps.every((gap) => gap >= 0 && gap <= longestGapMs) ? Math.max(...gaps) : undefined;
  }

  async #test(suspect: Link, waitMs: number): Promise<void> {
    this.#testing = true;
    let sum = 0;
    for (let link: Link | undefined = suspect; link !== undefined;) {
      const next = await this.#next(link, waitMs);
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
    // By chance two that test each other's connections would disturb each other for ever.
    this.#least = sum >= enough ? suspects : Math.ceil(this.#waiting.length * (1.5 + Math.random()));
  }

  /** Lets a connection through step by step; returns the one that comes of it. */
  async #next(link: Link, waitMs: number): Promise<{ link: Link; counts: number } | undefined> {
    const late = new AbortController();
    const first = await Promise.race([link.first(), link.over, delay(waitMs, late.signal)]) ?? new Uint8Array();
    late.abort();
    if (first.length < 2) {
      const { come } = await this.#look(link, Math.min(4 * waitMs, quietMs));
      link.admit();
      if (come !== undefined) return void come.admit();
      const { come: next } = await this.#look(link, waitMs);
      return next && { link: next, counts: likely };
    }
    const most = Math.min(first.length - 1, mostAhead), least = Math.ceil(most / 2);
    const ahead = first.subarray(0, least + Math.floor(Math.random() * (most - least + 1)));
    link.holdBack(ahead.length);
    link.admit();
    const { come, bytes, others } = await this.#look(link, waitMs, (bytes) => startsWith(ahead, bytes));
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
  #look(link: Link, ms: number, isIt?: (bytes: Uint8Array) => boolean): Promise<Seen> {
    const held = new Set<Link>(), { promise, resolve } = Promise.withResolvers<Seen>();
    let others = 0;
    const end = (found: Omit<Seen, "others"> = {}) => {
      if (this.#arrival !== arrival) return;
      clearTimeout(timer);
      this.#arrival = undefined;
      for (const one of held) if (one !== found.come) one.admit();
      resolve({ ...found, others });
    };
    const arrival = this.#arrival = (come: Link) => {
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

/** What has come, with its first bytes where they were looked at, and how much else. */
interface Seen {
  come?: Link;
  bytes?: Uint8Array;
  others: number;
}

/** Whether the bytes begin with these, of which there are some. */
function startsWith(whole: Uint8Array, bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= whole.length && bytes.every((byte, at) => byte === whole[at]);
}

/** What of the first bytes is the same wherever a request is passed on: programs add lines to it. */
function lineOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? Math.min(bytes.length, 64) : Math.min(end, 1024)));
}
