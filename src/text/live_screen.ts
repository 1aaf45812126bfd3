import type { Screen } from "../renderer.ts";

/** Alternate screen, no cursor, no wrapping at the last column. */
const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/** Restores the terminal. */
export const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** Terminals with synchronized output show everything between these sequences at once; the others ignore them. */
const beginFrame = "\x1b[?2026h";
const endFrame = "\x1b[?2026l";

/** Shows frames of lines on the alternate screen. Writes only the changed lines, in one write per frame. */
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
      // A terminal may move its content when its size changes.
      output += "\x1b[2J";
      this.#shown = [];
    }
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const text = lines[row] ?? "";
      if (text === (this.#shown[row] ?? "")) continue;
      // Erase before writing: at the last column, some terminals would erase the last character.
      output += `\x1b[${row + 1};1H\x1b[2K${text}`;
    }
    this.#entered = true;
    this.#size = size;
    this.#shown = lines;
    if (output !== "") this.screen.write(`${beginFrame}${output}${endFrame}`);
  }

  /** Restores the terminal. */
  close(): void {
    if (this.#entered) this.screen.write(leave);
    this.#entered = false;
  }
}
