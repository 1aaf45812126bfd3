import type { Event } from "../../event.ts";
import type { PingLine } from "./ping_output.ts";
import { unwrap } from "./ping_output.ts";
import { answered, fail, lost, type Target, unsent } from "./ping_target.ts";

export interface IcmpOptions {
  count: number;
  intervalMs: number;
  timeoutMs: number;
}

/** Reads the output of one ping process about its address. Sequence numbers count from 1 here, from 0 in events. */
export class IcmpTarget {
  /** The newest packet that ping has reported. */
  #newest = 0;
  /** Packets without a reply when the next one was sent, by number; lost when they are due. */
  readonly #waiting: { number: number; due: number }[] = [];
  readonly #messages: string[] = [];
  #total: number | undefined;
  #explained = false;

  constructor(readonly target: Target, private readonly options: IcmpOptions) {}

  /** Reads a line into events. `clock` is the newest time that any line has shown, in milliseconds since 1970. */
  read(line: PingLine, time: string, clock: number): Event[] {
    switch (line.kind) {
      case "reply":
        return this.#settle(line, (seq, at) => answered(this.target, seq, line.rttMs, at));
      case "error":
        // A redirect names a better route; the packet is not lost.
        if (line.reason.startsWith("Redirect")) return [];
        return this.#settle(line, (seq, at) => {
          this.target.icmp = line.reason;
          return lost(this.target, seq, at);
        });
      case "noAnswer": {
        const number = this.#newest = unwrap(line.icmpSeq, this.#newest);
        this.#waiting.push({ number, due: line.at - this.options.intervalMs + this.options.timeoutMs });
        return this.due(line.at);
      }
      case "total":
        this.#total = line.sent;
        return this.due(clock);
      case "about":
        return this.#about(line.subject, line.words, time);
      case "other":
        if (/^ping: (?!=>)/.test(line.text)) this.#messages.push(line.text.slice(6));
        return [];
    }
  }

  /** Returns the losses that are certain at `clock`. */
  due(clock: number): Event[] {
    const events: Event[] = [];
    while (this.#waiting[0] !== undefined && this.#waiting[0].due <= clock) {
      const { number, due } = this.#waiting.shift()!;
      events.push(...this.#lose(number - 1, new Date(due).toISOString()));
    }
    return events;
  }

  /** Reads the end of the process. Open packets are lost after the whole count, as ping waited for them; else in flight. */
  end(time: string): Event[] {
    const { count } = this.options, { attempts, failed, address } = this.target;
    if (this.#total === undefined) {
      if (this.#explained || failed) return [];
      fail(this.target, "program");
      const reason = this.#messages.join("; ") || "ping ended early";
      return [{ type: "failed", time, subject: address, reason }];
    }
    if (count === 0 || this.#total < count) return [];
    return attempts.open(count - 1).flatMap((seq) => this.#lose(seq, time));
  }

  #settle({ at, icmpSeq }: { at: number; icmpSeq: number }, report: (seq: number, time: string) => Event[]): Event[] {
    const number = unwrap(icmpSeq, this.#newest);
    this.#newest = Math.max(this.#newest, number);
    return this.target.attempts.settle(number - 1) ? report(number - 1, new Date(at).toISOString()) : [];
  }

  #lose(seq: number, time: string): Event[] {
    return this.target.attempts.settle(seq) ? lost(this.target, seq, time) : [];
  }

  #about(subject: string, words: string, time: string): Event[] {
    if (subject === "socktype") return []; // adds nothing to the message about "socket"
    if (subject !== "connect") {
      this.#messages.push(`${subject}: ${words}`);
      return [];
    }
    // There is no route, and ping does not try again.
    this.#explained = true;
    return unsent(this.target, [0], time, words);
  }
}
