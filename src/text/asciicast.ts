/** Header of a transcript, see https://docs.asciinema.org/manual/asciicast/v2 */
export interface CastHeader {
  columns: number;
  rows: number;
  /** Seconds since 1970. */
  timestamp: number;
  command: string;
  /** TERM and SHELL; no other variable belongs in a file that is shown to others. */
  env: Readonly<Record<string, string>>;
}

/** Returns the first line of a transcript. */
export function castHeader({ columns, rows, timestamp, command, env }: CastHeader): string {
  return `${JSON.stringify({ version: 2, width: columns, height: rows, timestamp, command, env })}\n`;
}

/** Returns the line for a program's output, `ms` after the start. */
export function castOutput(ms: number, text: string): string {
  return event(ms, "o", text);
}

/** Returns the line for a new size of the terminal. */
export function castResize(ms: number, { columns, rows }: { columns: number; rows: number }): string {
  return event(ms, "r", `${columns}x${rows}`);
}

function event(ms: number, code: string, data: string): string {
  return `[${(ms / 1000).toFixed(6)}, ${JSON.stringify(code)}, ${JSON.stringify(data)}]\n`;
}

/**
 * Decodes the bytes of one stream for a player: joins characters that are split over chunks, and makes every line end `\r\n`,
 * as a terminal does.
 */
export class CastText {
  readonly #decoder = new TextDecoder();
  #last = "";

  /** `shown` escapes text that a terminal must not get. */
  constructor(private readonly shown = (text: string) => text) {}

  add(bytes: Uint8Array): string {
    return this.#lines(this.shown(this.#decoder.decode(bytes, { stream: true })));
  }

  #lines(text: string): string {
    if (text === "") return "";
    const before = this.#last;
    this.#last = text.at(-1) ?? "";
    return text.replaceAll(
      /(\r?)\n/g,
      (_all, cr: string, at: number) => cr === "" && at === 0 && before === "\r" ? "\n" : "\r\n",
    );
  }
}
