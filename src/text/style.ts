import { styleText } from "node:util";
import { clip, width } from "./fit_text.ts";

export type Look = "plain" | "bold" | "dim" | "good" | "slow" | "bad" | "accent";

const formats: Record<Look, ("bold" | "gray" | "green" | "yellow" | "red" | "cyan")[]> = {
  plain: [],
  bold: ["bold"],
  dim: ["gray"],
  good: ["green"],
  slow: ["yellow"],
  bad: ["red", "bold"],
  accent: ["cyan"],
};

/** A part of a line in one look. Layout counts plain text; looks are added last. */
export interface Span {
  text: string;
  look?: Look;
}

export function paint(text: string, look: Look, color: boolean): string {
  if (!color || look === "plain" || text === "") return text;
  return styleText(formats[look], text, { validateStream: false });
}

/** Looks that distinguish several things of a kind; they have no meaning of their own. */
const distinct = [
  "cyan",
  "yellow",
  "green",
  "magenta",
  "blue",
  "cyanBright",
  "yellowBright",
  "greenBright",
  "magentaBright",
] as const;

/** Paints the text in the look for the `index`-th thing of a kind. */
export function paintDistinct(text: string, index: number, color: boolean): string {
  return color ? styleText(distinct[index % distinct.length]!, text, { validateStream: false }) : text;
}

/** Returns one line, clipped to `columns`. Neighbours of one look share their escapes. */
export function line(spans: readonly Span[], columns: number, color: boolean): string {
  let left = columns;
  let text = "";
  let pending: { text: string; look: Look } = { text: "", look: "plain" };
  for (const { text: full, look = "plain" } of spans) {
    const fitting = clip(full, left);
    left -= width(fitting);
    // Spaces take the look of the span before them: most of a chart is spaces.
    if (look === pending.look || fitting.trim() === "") {
      pending.text += fitting;
    } else {
      text += paint(pending.text, pending.look, color);
      pending = { text: fitting, look };
    }
  }
  return (text + paint(pending.text, pending.look, color)).trimEnd();
}
