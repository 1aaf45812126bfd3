import { defined } from "../lib/defined.ts";
import { ascii } from "../text/ascii.ts";
import search, { Separator } from "@inquirer/search";
import { PassThrough, Writable } from "node:stream";
import { matchingPods, type PodChoice, podRows } from "./pod_rows.ts";
import { leave } from "../text/live_screen.ts";
import { paint } from "../text/style.ts";
import type { Interrupt } from "./interrupt.ts";
import { ClosedPipe, isUnicodeLocale, onResize, rawInput, windowSize, writeAll } from "./terminal.ts";
import { userProcess } from "./user_process.ts";

export interface PickOptions {
  /** For example `Which pod of namespace "shop"?`. */
  question: string;
  pods: readonly PodChoice[];
  /** Pods that are not running can be chosen, too. */
  any: boolean;
  color: boolean;
  interrupt: Interrupt;
}

/** Alternate screen, empty, the cursor at its top. */
const enter = "\x1b[?1049h", clear = "\x1b[2J\x1b[H";

/**
 * Lets the user choose a pod, on stderr, and returns its name. Uses the alternate screen, and leaves no trace. Throws the
 * interrupt's reason after Esc or Ctrl-C.
 */
export async function pickPod(options: PickOptions): Promise<string> {
  const { signal } = options.interrupt;
  // Written synchronously: nothing else is drawn meanwhile.
  const write = (text: string) =>
    writeAll(userProcess().stderr, new TextEncoder().encode(isUnicodeLocale() ? text : ascii(text)));
  using ending = new DisposableStack();
  ending.use(rawInput({ signals: true }));
  write(enter);
  ending.defer(() => write(leave));
  // A second signal ends this process at once.
  ending.use(userProcess().onExit(() => write(leave)));
  let resized = new AbortController(), typed = "", current: string | undefined;
  ending.use(onResize(() => resized.abort()));
  const keys = new Keys(options.interrupt);
  for (;;) {
    signal.throwIfAborted();
    resized = new AbortController();
    write(clear);
    try {
      return await ask(options, AbortSignal.any([signal, resized.signal]), keys, write, {
        typed,
        ...defined({ current }),
        onTyped: (text) => typed = text,
        onCurrent: (name) => current = name,
      });
    } catch (error) {
      signal.throwIfAborted();
      // Drawn for the old window size: draw again, with the typed text.
      if (!resized.signal.aborted || error instanceof ClosedPipe) throw error;
    }
  }
}

interface State {
  typed: string;
  current?: string;
  onTyped(text: string): void;
  onCurrent(name: string): void;
}

async function ask(
  { question, pods, any, color }: PickOptions,
  signal: AbortSignal,
  keys: Keys,
  write: (text: string) => void,
  { typed, current, onTyped, onCurrent }: State,
): Promise<string> {
  const { columns, rows: lines } = windowSize();
  // Two columns for the cursor before each row, and a free one: some terminals wrap after the last column.
  const width = Math.max(8, columns - 3), { head, rows } = podRows(pods, width);
  const texts = new Map(rows.map(({ pod, text }) => [text, pod.name]));
  const input = new PassThrough();
  const asked = search({
    message: columns >= question.length + 12 ? question : "Pod?",
    source: (term) => {
      onTyped(term ?? "");
      const matching = new Set(matchingPods(pods, term ?? ""));
      const choices = rows.filter(({ pod }) => matching.has(pod)).map(({ pod, text }) => ({
        value: pod.name,
        name: text,
        short: pod.name,
        disabled: !any && !pod.running,
      }));
      return choices.length === 0 ? [] : [new Separator(paint(` ${head}`, "dim", color)), ...choices];
    },
    pageSize: Math.max(2, lines - 4),
    ...(typed === "" ? {} : { initialValue: typed }),
    ...defined({ default: current }),
    theme: {
      prefix: "",
      icon: { cursor: ">" },
      style: {
        message: (text: string) => `${paint(text, "bold", color)}`,
        answer: (text: string) => text,
        highlight: (text: string) => {
          const name = texts.get(text.slice(2));
          if (name !== undefined) onCurrent(name);
          return paint(text, "accent", color);
        },
        disabled: (text: string) => paint(`- ${text.replace(/ \(disabled\)$/, "")}`, "dim", color),
        searchTerm: (text: string) => text,
        error: (text: string) => text,
        keysHelpTip: () => paint(columns > help.length ? help : "", "dim", color),
      },
    },
  }, { input, output: outputOf(write, color, columns, lines), signal });
  const done = keys.feed(input, asked);
  try {
    return await asked;
  } finally {
    await done;
  }
}

const help = "type to search, up/down, Enter; Esc to leave";

/** Makes the library's output: the terminal, without colour if colour is off. */
function outputOf(write: (text: string) => void, color: boolean, columns: number, rows: number): NodeJS.WritableStream {
  const output = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, callback) {
      const text = String(chunk);
      // deno-lint-ignore no-control-regex -- an escape begins with one
      write(color ? text : text.replaceAll(/\x1b\[[0-9;]*m/g, ""));
      callback();
    },
  });
  return Object.assign(output, { isTTY: true, columns, rows });
}

/**
 * Keyboard input. The library does not read stdin itself, because it reads on at its end and would take the first key meant for
 * a shell started next.
 */
class Keys {
  #pending: Promise<number | null> | undefined;
  readonly #buffer = new Uint8Array(1024);

  constructor(private readonly interrupt: Interrupt) {}

  /** Passes keys on until the question is answered. */
  async feed(input: PassThrough, asked: Promise<unknown>): Promise<void> {
    let open = true;
    const closed = asked.then(() => {}, () => {}).then(() => void (open = false));
    while (open) {
      this.#pending ??= userProcess().stdin.read(this.#buffer);
      const count = await Promise.race([this.#pending, closed]);
      if (typeof count === "undefined") break;
      this.#pending = undefined;
      const bytes = this.#buffer.slice(0, count ?? 0);
      // Esc alone, or the end of the input.
      if (count === null || (count === 1 && bytes[0] === 0x1b)) this.interrupt.raise("SIGINT");
      // Enter is passed on separately: the text before it must be looked up first. Keys that arrive in one chunk after it are
      // dropped.
      for (const key of new TextDecoder().decode(bytes).split(/(?=\r)|(?<=\r)/)) {
        if (!open) break;
        input.write(key);
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, key === "\r" ? 500 : 10))]);
      }
    }
  }
}
