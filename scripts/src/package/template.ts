import { ROOT } from "../lib/paths.ts";

/** Fills in the @WORDS@ of a text. */
export function fill(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((filled, [word, value]) => filled.replaceAll(`@${word}@`, () => value), text);
}

/** Fills in a file of packages/. */
export function fillTemplate(file: string, words: Readonly<Record<string, string>>): string {
  return fill(Deno.readTextFileSync(`${ROOT}/packages/${file}`), words);
}
