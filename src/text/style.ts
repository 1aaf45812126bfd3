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

/** A piece of a line in one look. Layout counts plain text; looks are added last. */
export interface Span {
  text: string;
  look?: Look;
}

export function paint(text: string, look: Look, color: boolean): string {
  if (!color || look === "plain" || text === "") return text;
  return styleText(formats[look], text, { validateStream: false });
}

/** Looks that tell several of a kind apart; none of them means anything. */
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

/** The text in the look of the `index`-th of several of a kind. */
export function paintDistinct(text: string, index: number, color: boolean): string {
  return color ? styleText(distinct[index % distinct.length]!, text, { validateStream: false }) : text;
}

/** One line of at most `columns`; what is beyond them is cut off. Neighbours of one look share their escapes. */
export function line(spans: readonly Span[], columns: number, color: boolean): string {
  let left = columns;
  let text = "";
  let pending: { text: string; look: Look } = { text: "", look: "plain" };
  for (const { text: full, look = "plain" } of spans) {
    const fitting = clip(full, left);
    left -= width(fitting);
    // Spaces have no look of their own: most of a chart is made of them.
    if (look === pending.look || fitting.trim() === "") {
      pending.text += fitting;
    } else {
      text += paint(pending.text, pending.look, color);
      pending = { text: fitting, look };
    }
  }
  return (text + paint(pending.text, pending.look, color)).trimEnd();
}
