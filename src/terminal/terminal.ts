import { onAbort } from "../lib/on_abort.ts";
import { ascii, isUnicode } from "../text/ascii.ts";
import { ScopeError } from "../errors.ts";
import type { Screen } from "../renderer.ts";
import { userProcess } from "./user_process.ts";

/** Thrown when the reader has closed the output, as in `scope … | head`: ends the work, and is no failure. */
export class ClosedPipe extends Error {}

interface Writer {
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();
/** Returns true if the locale has more characters than ASCII. */
export function isUnicodeLocale(): boolean {
  return isUnicode(Deno.env.toObject());
}

type Listener = (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
let listener: Listener | undefined;

/** Calls back for all further output on stdout and stderr, before it is written: a killed run may not lose what was seen. */
export function onOutput(callback: Listener): void {
  listener = callback;
}

function notifyListener(to: unknown, bytes: Uint8Array): void {
  if (listener !== undefined && (to === userProcess().stdout || to === userProcess().stderr)) {
    listener(to === userProcess().stdout ? "stdout" : "stderr", bytes);
  }
}

/** Prints a message on stderr. A closed stderr is ignored. */
export function sayLine(text: string): void {
  try {
    writeAll(userProcess().stderr, encoder.encode(`${isUnicodeLocale() ? text : ascii(text)}\n`));
  } catch {
    // The reader has gone.
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

/** Writes all bytes. Throws ClosedPipe if the reader has gone, and ScopeError for other errors, such as a full disk. */
export function writeAll(to: Writer, bytes: Uint8Array): void {
  try {
    notifyListener(to, bytes);
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(to.writeSync(rest));
  } catch (error) {
    throw outputError(error);
  }
}

/** Writes all bytes as writeAll() does, without blocking this process while the reader is slow. */
export async function writeAllAsync(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  try {
    notifyListener(to, bytes);
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await withReaderLimit(to.write(rest)));
  } catch (error) {
    throw outputError(error);
  }
}

/** Limit for a reader that reads nothing, from the interrupt on, in milliseconds. */
const stuckMs = 2000;
let interrupted = new AbortController().signal;

/** Limits the wait for a stopped reader, such as a pager, from the abort of this signal on. */
export function endWritesOn(signal: AbortSignal): void {
  interrupted = signal;
}

async function withReaderLimit(write: Promise<number>): Promise<number> {
  const stuck = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  using _abort = onAbort(interrupted, () => timer = setTimeout(() => stuck.reject(new ClosedPipe()), stuckMs));
  try {
    return await Promise.race([write, stuck.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the size of the terminal, even if stdout is redirected; 80×24 without a terminal. */
export function windowSize(): { columns: number; rows: number } {
  try {
    return userProcess().consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** Standard output for a renderer. */
export interface StandardScreen extends Screen {
  /** True when much output waits for a slow reader: the producer should pause. */
  readonly full: boolean;
  /** Resolves when all output is written. Throws ClosedPipe if the reader has gone. */
  flush(): Promise<void>;
}

/** Length of waiting text from which the output counts as full, in characters. */
const fullLength = 64 * 1024;

/**
 * Makes the screen of stdout. It writes without blocking, so that this process can still send keep-alives while a slow reader,
 * such as a pager, pauses. Colour is used on a terminal, unless $NO_COLOR is set or the terminal is dumb.
 */
export function standardScreen(): StandardScreen {
  const terminal = userProcess().stdout.isTerminal();
  let waiting = "", writing: Promise<void> | undefined;
  /** Chunks that wait, in front of the waiting text. */
  let before: Uint8Array[] = [];
  const drain = async () => {
    while (waiting !== "" || before.length > 0) {
      const chunks = [...before, encoder.encode(waiting)];
      before = [];
      waiting = "";
      for (const bytes of chunks) await writeAllAsync(userProcess().stdout, bytes);
    }
    writing = undefined;
  };
  return {
    write(text) {
      // An empty write would leave `writing` set: `drain()` ends before it is assigned.
      if (text === "") return;
      waiting += text;
      writing ??= drain();
      writing.catch(() => {}); // handled by the caller of flush()
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
    // Only text in a terminal window is shortened.
    size: () => terminal ? windowSize() : { columns: Infinity, rows: Infinity },
    forProgram: !terminal,
    color: terminal && !Deno.env.get("NO_COLOR") && Deno.env.get("TERM") !== "dumb",
  };
}

/** Returns the screen with scope's signs as ASCII if the locale supports no others. */
export function textScreen(screen: Screen): Screen {
  if (isUnicodeLocale()) return screen;
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

/** Calls back when the window size changes, until disposed. */
export function onResize(callback: () => void): Disposable {
  return userProcess().onSignal("SIGWINCH", callback);
}

/**
 * Reads stdin byte by byte and without echo, until disposed. With `signals`, Ctrl-C still sends a signal. Ctrl-Z never does: it
 * would leave the terminal in this mode, and the manager would take a stopped client for dead.
 */
export function rawInput({ signals }: { signals: boolean }): Disposable {
  const ending = new DisposableStack(), { stdin } = userProcess();
  ending.use(userProcess().onSignal("SIGTSTP", () => {}));
  stdin.setRaw(true, { cbreak: signals });
  ending.defer(() => stdin.setRaw(false));
  return ending;
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

/** Returns the keys in a terminal's input: names for special keys, else printable characters. */
export function readKeys(text: string): string[] {
  // deno-lint-ignore no-control-regex -- the escape sequences of keys begin with one
  return [...text.matchAll(/\x1b(?:O[A-Z]|\[[0-9;]*[A-Za-z~])|[^\x00-\x1f\x7f]/gu)]
    .flatMap(([sequence]) => keys[sequence] ?? (sequence.startsWith("\x1b") ? [] : [sequence]));
}
