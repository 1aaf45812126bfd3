import type { Screen } from "../renderer.ts";

/** Alternate screen, no cursor, no wrapping at the last column. */
const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/** Gives a terminal back as it was. */
export const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** Terminals that know synchronized output show what is between these at once; the others ignore them. */
const beginFrame = "\x1b[?2026h";
const endFrame = "\x1b[?2026l";

/** Shows frames of lines on the alternate screen. Only lines that changed are written, in one write a frame. */
export class LiveScreen {
  #shown: readonly string[] = [];
  #size = "";
  #entered = false;

  constructor(private readonly screen: Screen) {}

  draw(frame: (size: { columns: number; rows: number }) => readonly string[]): void {
    if (this.screen.busy) return;
    const { columns, rows } = this.screen.size();
    const lines = frame({ columns, rows });
    let output = "";
    if (!this.#entered) output += enter;
    const size = `${columns}×${rows}`;
    if (size !== this.#size) {
      // A terminal may have moved what it showed when its size changed.
      output += "\x1b[2J";
      this.#shown = [];
    }
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const text = lines[row] ?? "";
      if (text === (this.#shown[row] ?? "")) continue;
      // Erasing first and not after: at the last column, some terminals would erase the last character.
      output += `\x1b[${row + 1};1H\x1b[2K${text}`;
    }
    this.#entered = true;
    this.#size = size;
    this.#shown = lines;
    if (output !== "") this.screen.write(`${beginFrame}${output}${endFrame}`);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (this.#entered) this.screen.write(leave);
    this.#entered = false;
  }
}
