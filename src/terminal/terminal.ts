import { ascii, isUnicode } from "../text/ascii.ts";
import { ScopeError } from "../errors.ts";
import type { Screen } from "../renderer.ts";

/** Thrown when nobody reads what is written any more, as in `scope … | head`: the end of the work, and no failure. */
export class ClosedPipe extends Error {}

interface Writer {
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();
/** The locale has more characters than ASCII. */
export const unicode = isUnicode(Deno.env.toObject());

type Listener = (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
let listener: Listener | undefined;

/** Tells of all that is written to stdout and stderr from here on. */
export function onOutput(callback: Listener): void {
  listener = callback;
}

function told(to: unknown, bytes: Uint8Array): void {
  if (listener !== undefined && (to === Deno.stdout || to === Deno.stderr)) {
    listener(to === Deno.stdout ? "stdout" : "stderr", bytes);
  }
}

/** A line of words to people, on stderr. Where that is closed there is nobody to tell. */
export function sayLine(text: string): void {
  try {
    writeAll(Deno.stderr, encoder.encode(`${unicode ? text : ascii(text)}\n`));
  } catch {
    // Nobody reads it.
  }
}

/** EIO: the terminal has gone, see termios(3). */
const gone = 5;

function outputError(error: unknown): Error {
  if (error instanceof ClosedPipe) return error;
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.BrokenPipe || why.includes(`(os error ${gone})`)) return new ClosedPipe();
  return new ScopeError("unreachable", "Cannot write the output", { cause: error, hint: why });
}

/** Writes all bytes. Throws ClosedPipe when nobody reads them, and ScopeError where there is no room. */
export function writeAll(to: Writer, bytes: Uint8Array): void {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(to.writeSync(rest));
    told(to, bytes);
  } catch (error) {
    throw outputError(error);
  }
}

/** The same without blocking this process while the reader takes its time. */
export async function writeAllAsync(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await patient(to.write(rest)));
    told(to, bytes);
  } catch (error) {
    throw outputError(error);
  }
}

/** How long a reader who reads nothing is waited for once somebody wants to end, in milliseconds. */
const stuckMs = 2000;
let interrupted = new AbortController().signal;

/** From the abort of this signal on, nobody waits long for a reader that has stopped, as a pager does. */
export function endWritesOn(signal: AbortSignal): void {
  interrupted = signal;
}

async function patient(write: Promise<number>): Promise<number> {
  const stuck = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const signal = interrupted, start = () => void (timer = setTimeout(() => stuck.reject(new ClosedPipe()), stuckMs));
  signal.addEventListener("abort", start, { once: true });
  if (signal.aborted) start();
  try {
    return await Promise.race([write, stuck.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", start);
  }
}

/** The size of the terminal, also when stdout is redirected; 80×24 where there is none. */
export function windowSize(): { columns: number; rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** Standard output for a renderer. */
export interface StandardScreen extends Screen {
  /** A slow reader has not taken a lot of what was written: more should wait. */
  readonly full: boolean;
  /** Resolves when all that was written has gone out. Throws ClosedPipe when nobody reads it. */
  flush(): Promise<void>;
}

/** More waiting text than this only fills memory. */
const fullLength = 64 * 1024;

/**
 * Writes without blocking: a reader that takes its time, as a pager, must not keep this process from saying that it is
 * alive. Colour: on a terminal, unless $NO_COLOR says otherwise or it is a dumb one.
 */
export function standardScreen(): StandardScreen {
  const terminal = Deno.stdout.isTerminal();
  let waiting = "", writing: Promise<void> | undefined;
  /** Pieces that wait, and stand before the text that does. */
  let before: Uint8Array[] = [];
  const drain = async () => {
    while (waiting !== "" || before.length > 0) {
      const chunks = [...before, encoder.encode(waiting)];
      before = [];
      waiting = "";
      for (const bytes of chunks) await writeAllAsync(Deno.stdout, bytes);
    }
    writing = undefined;
  };
  return {
    write(text) {
      // Nothing would be drained at once, before this says that it is.
      if (text === "") return;
      waiting += text;
      writing ??= drain();
      writing.catch(() => {}); // met by whoever flushes
    },
    writeBytes(bytes) {
      before.push(encoder.encode(waiting), bytes);
      waiting = "";
      writing ??= drain();
      writing.catch(() => {});
    },
    get full() {
      return waiting.length > fullLength || before.length > 0;
    },
    get busy() {
      return writing !== undefined;
    },
    flush: () => writing ?? Promise.resolve(),
    // Nothing is shortened where nobody looks at a window.
    size: () => terminal ? windowSize() : { columns: Infinity, rows: Infinity },
    forProgram: !terminal,
    color: terminal && !Deno.env.get("NO_COLOR") && Deno.env.get("TERM") !== "dumb",
  };
}

/** The same screen for text, whose signs are ASCII where the locale has no others. */
export function textScreen(screen: Screen): Screen {
  if (unicode) return screen;
  return {
    write: (text) => screen.write(ascii(text)),
    writeData: (text) => screen.write(text),
    ...(screen.writeBytes === undefined ? {} : { writeBytes: (bytes: Uint8Array) => screen.writeBytes!(bytes) }),
    get busy() {
      return screen.busy === true;
    },
    size: () => screen.size(),
    forProgram: screen.forProgram === true,
    color: screen.color,
  };
}

/** Calls back when the window changes, until disposed. */
export function onResize(callback: () => void): Disposable {
  Deno.addSignalListener("SIGWINCH", callback);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", callback) };
}

/**
 * Standard input byte by byte and without echo, until disposed. With `signals`, Ctrl-C still is a signal; Ctrl-Z is none, as
 * it would leave the terminal like this, and the manager would take a stopped program for dead.
 */
export function rawInput({ signals }: { signals: boolean }): Disposable {
  const stay = () => {};
  Deno.addSignalListener("SIGTSTP", stay);
  Deno.stdin.setRaw(true, { cbreak: signals });
  return {
    [Symbol.dispose]() {
      Deno.stdin.setRaw(false);
      Deno.removeSignalListener("SIGTSTP", stay);
    },
  };
}

const keys: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
};

/** The keys in what a terminal sent: names for those that have one, else printable characters. */
export function readKeys(text: string): string[] {
  // deno-lint-ignore no-control-regex -- the escape sequences of keys begin with one
  return [...text.matchAll(/\x1b(?:O[A-Z]|\[[0-9;]*[A-Za-z~])|[^\x00-\x1f\x7f]/gu)]
    .flatMap(([sequence]) => keys[sequence] ?? (sequence.startsWith("\x1b") ? [] : [sequence]));
}
