import type { Event } from "./event.ts";

/** Where a renderer writes, and the window it has. Size is asked at every frame, as windows change. */
export interface Screen {
  write(text: string): void;
  /** Data of somebody else: it stays as it is, whatever signs the locale has. By default as `write`. */
  writeData?(text: string): void;
  /** Bytes as they are. */
  writeBytes?(bytes: Uint8Array): void;
  /** What was written before has not gone out yet: a live picture is better left out. */
  readonly busy?: boolean;
  /** Columns are Infinity where this is no terminal: nothing is shortened there. */
  size(): { columns: number; rows: number };
  /** A program reads it, from a pipe or a file: data goes there as it came. */
  readonly forProgram?: boolean;
  /** Colour is wanted and possible. */
  readonly color: boolean;
}

/** Turns events into text. Created once for a command; `end` is called once, also after a failure or Ctrl-C. */
export interface Renderer {
  event(event: Event): void;
  /** A key was pressed (live renderers): `up`, `down`, `home`, `end`, `pageup`, `pagedown`, or a printable character. */
  key?(key: string): void;
  /** The window changed (live renderers). */
  resize?(): void;
  /** Leaves the terminal as it was found and prints what remains, such as the summary. */
  end(): void;
}

/** How text looks, for the events of a room. */
export interface TextLook {
  color: boolean;
  /** Width of the screen; Infinity where it is no terminal. */
  columns(): number;
  screen: Screen;
  /** Command lines in a text as they can be typed where scope is called by another name. */
  words(text: string): string;
  /** Lines of logs have their times. */
  times: boolean;
}

/** The events of one room as text. Made once for a run: it remembers what its tables show. */
export interface EventText<Shown extends Event> {
  /** Lines of its own signs, such as arrows, which are ASCII where the locale has nothing else. */
  readonly drawn?: true;
  /** It writes lines that are somebody's data, between which nothing else may stand. */
  readonly data?: true;
  /** Returns the lines of an event; none where the tables or nobody tells of it. */
  lines(event: Shown): readonly string[];
  /** Returns the tables at the end, when their columns are known. */
  tables?(): readonly (readonly string[])[];
}
