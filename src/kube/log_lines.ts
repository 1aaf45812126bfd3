import { joined } from "../lib/bytes.ts";

/** One line of a container's log. */
export interface LogEntry {
  /** Time at which the node wrote it: seconds since 1970, and nanoseconds of that second. */
  second: number;
  nano: number;
  /** That time in RFC 3339, UTC, with all digits that the server gave. */
  time: string;
  /** Text without its line end. Bytes that are not UTF-8 become U+FFFD. */
  text: string;
  /** The text's bytes in base64, if they are not UTF-8. */
  base64?: string;
  /** Length of the part cut off from a line that is too long, in bytes. */
  cutBytes?: number;
  /** Last line, which the container has not ended. */
  unended?: true;
}

/** The longest line, in bytes; the rest is cut off: an endless line must not fill this machine's memory. */
export const longestLineBytes = 4 << 20;

const newline = 10;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Splits the output of the log endpoint with `timestamps=true` into lines.
 *
 * A line without a time is not from the container: it is the rest of a line that began before `sinceTime`, or the kubelet's
 * message on why it cannot go on. See `k8s.io/cri-client/pkg/logs`.
 */
export class LogReader {
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #cutBytes = 0;
  /** The last line, if it was not from the container. */
  errorText: string | undefined;

  /** Adds bytes, and returns the lines that end in them. */
  push(bytes: Uint8Array): LogEntry[] {
    const last = bytes.lastIndexOf(newline);
    if (last < 0) {
      this.#keep(bytes);
      return [];
    }
    const entries: LogEntry[] = [];
    let at = 0;
    if (this.#restBytes > 0) {
      at = bytes.indexOf(newline) + 1;
      this.#keep(bytes.subarray(0, at - 1));
      entries.push(...this.#take());
    }
    if (last >= at) this.#readAll(bytes.subarray(at, last), entries);
    this.#keep(bytes.subarray(last + 1));
    return entries;
  }

  /** Returns the rest as a line without an end. */
  end(): LogEntry[] {
    return this.#take().map((entry) => ({ ...entry, unended: true }));
  }

  #take(): LogEntry[] {
    if (this.#restBytes === 0) return [];
    const entries: LogEntry[] = [], cutBytes = this.#cutBytes;
    // Most lines come in one chunk, which need not be copied.
    this.#readOne(this.#rest.length === 1 ? this.#rest[0]! : joined(this.#rest), entries);
    this.#rest = [];
    this.#restBytes = this.#cutBytes = 0;
    const [entry] = entries;
    return entry !== undefined && cutBytes > 0 ? [{ ...entry, cutBytes }] : entries;
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const room = Math.max(0, longestLineBytes - this.#restBytes);
    this.#cutBytes += Math.max(0, bytes.length - room);
    if (room > 0) this.#rest.push(bytes.slice(0, room)); // copied, to free the rest of the chunk
    this.#restBytes += Math.min(bytes.length, room);
  }

  /** Decodes several lines at once: one by one would take several times as long. */
  #readAll(bytes: Uint8Array, entries: LogEntry[]): void {
    const text = decoded(bytes);
    if (text !== undefined) {
      for (const line of text.split("\n")) this.#add(line, undefined, entries);
      return;
    }
    for (let at = 0; at <= bytes.length;) {
      const end = bytes.indexOf(newline, at), to = end < 0 ? bytes.length : end;
      this.#readOne(bytes.subarray(at, to), entries);
      at = to + 1;
    }
  }

  #readOne(bytes: Uint8Array, entries: LogEntry[]): void {
    const text = decoded(bytes);
    if (text !== undefined) return this.#add(text, undefined, entries);
    this.#add(lenient.decode(bytes), bytes, entries);
  }

  #add(line: string, bytes: Uint8Array | undefined, entries: LogEntry[]): void {
    const found = stamp.exec(line);
    if (found === null) {
      this.errorText = line;
      return;
    }
    this.errorText = undefined;
    const [whole, date = "", fraction = "", zone = "Z"] = found;
    const second = secondOf(`${date}${zone}`);
    entries.push({
      second,
      nano: Number(fraction.padEnd(9, "0")),
      time: zone === "Z"
        ? whole.trimEnd()
        : `${new Date(second * 1000).toISOString().slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`,
      text: line.slice(whole.length),
      // The time is ASCII: as many bytes as characters.
      ...(bytes === undefined ? {} : { base64: base64(bytes.subarray(whole.length)) }),
    });
  }
}

/** The server's time at the start of a line: RFC 3339, in UTC or in the node's zone. */
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)(?: |$)/;

let lastDate = "", lastSecond = 0;

/** Parses a time to seconds since 1970, with a cache of the last one: thousands of lines share a second. */
function secondOf(date: string): number {
  if (date !== lastDate) {
    lastDate = date;
    lastSecond = Date.parse(date) / 1000;
  }
  return lastSecond;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Encodes bytes as base64. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}
