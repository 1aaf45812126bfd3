import stringWidth from "fast-string-width"; // string-width takes 30 ms to load

/** Returns the number of terminal columns of plain text. */
export function width(text: string): number {
  return stringWidth(text);
}

/** Returns the longest prefix of the text that fits. */
export function clip(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (width(kept + character) > columns) break;
    kept += character;
  }
  return kept;
}

/** Shortens the text at its end to fit, with an ellipsis. */
export function shorten(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  return columns < 1 ? "" : `${clip(text, columns - 1)}…`;
}

/** Shortens the text in the middle to fit: names of pods of one workload differ at the end. */
export function shortenMiddle(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 5) return shorten(text, columns);
  const tail = Math.floor((columns - 1) / 2);
  let end = "";
  for (const character of [...text].reverse()) {
    if (width(character + end) > tail) break;
    end = character + end;
  }
  return `${clip(text, columns - 1 - width(end))}…${end}`;
}

/** Pads the text with spaces to exactly `columns`; a longer text is shortened. */
export function pad(text: string, columns: number, align: "left" | "right" = "left"): string {
  const fitting = shorten(text, columns);
  const spaces = " ".repeat(Math.max(0, columns - width(fitting)));
  return align === "left" ? fitting + spaces : spaces + fitting;
}
