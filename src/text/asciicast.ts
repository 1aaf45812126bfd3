/** What a transcript says of itself, see https://docs.asciinema.org/manual/asciicast/v2 */
export interface CastHeader {
  columns: number;
  rows: number;
  /** Seconds since 1970. */
  timestamp: number;
  command: string;
  /** TERM and SHELL; nothing else of an environment belongs in a file that is shown to others. */
  env: Readonly<Record<string, string>>;
}

/** The first line of a transcript. */
export function castHeader({ columns, rows, timestamp, command, env }: CastHeader): string {
  return `${JSON.stringify({ version: 2, width: columns, height: rows, timestamp, command, env })}\n`;
}

/** What a program printed, `ms` after the beginning. */
export function castOutput(ms: number, text: string): string {
  return event(ms, "o", text);
}

/** The terminal has another size. */
export function castResize(ms: number, { columns, rows }: { columns: number; rows: number }): string {
  return event(ms, "r", `${columns}x${rows}`);
}

function event(ms: number, code: string, data: string): string {
  return `[${(ms / 1000).toFixed(6)}, ${JSON.stringify(code)}, ${JSON.stringify(data)}]\n`;
}

/**
 * The bytes of one stream as a player takes them: characters that come in pieces are put together, and every end of a line
 * goes back to its beginning, as a terminal makes it.
 */
export class CastText {
  readonly #decoder = new TextDecoder();
  #last = "";

  /** `shown` makes the text what a terminal may get. */
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
