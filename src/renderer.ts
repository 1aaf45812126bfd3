import type { Event } from "./event.ts";

/** Output of a renderer, and its window. The size is read for every frame, because windows change. */
export interface Screen {
  write(text: string): void;
  /** Writes text from outside scope, which is never converted to ASCII. Defaults to `write`. */
  writeData?(text: string): void;
  /** Writes bytes unchanged. */
  writeBytes?(bytes: Uint8Array): void;
  /** True while earlier output is still in flight: a live view then skips its frame. */
  readonly busy?: boolean;
  /** Returns the size. `columns` is Infinity if the output is no terminal: nothing is shortened then. */
  size(): { columns: number; rows: number };
  /** True if a program reads the output, from a pipe or a file: data is written unescaped. */
  readonly forProgram?: boolean;
  /** True if colour is wanted and supported. */
  readonly color: boolean;
}

/** Turns events into text. Created once per command; `end` is called once, also after a failure or Ctrl-C. */
export interface Renderer {
  event(event: Event): void;
  /** Called for each key in a live view: `up`, `down`, `home`, `end`, `pageup`, `pagedown`, or a printable character. */
  key?(key: string): void;
  /** Called when the window of a live view changes its size. */
  resize?(): void;
  /** Restores the terminal and prints the rest, such as the summary. */
  end(): void;
}

/** Settings for the text of a feature's events. */
export interface TextLook {
  color: boolean;
  /** Returns the width of the screen; Infinity if it is no terminal. */
  columns(): number;
  screen: Screen;
  /** True to print the time of each log line. */
  times: boolean;
}

/** Turns the events of one feature into text. Created once per run: it collects the rows of its tables. */
export interface EventText<Shown extends Event> {
  /** Set if the lines contain scope's own signs, such as arrows, which become ASCII if the locale has only ASCII. */
  readonly drawn?: true;
  /** Set if the lines are data from outside scope; no other line may stand between them. */
  readonly data?: true;
  /** Returns the lines of an event; none if only the tables show it, or nothing does. */
  lines(event: Shown): readonly string[];
  /** Returns the tables printed at the end, when the column widths are known. */
  tables?(): readonly (readonly string[])[];
}
