import type { Renderer, Screen } from "../renderer.ts";

/** Characters that JSON leaves unescaped although terminals obey them: C1 controls, line separators, changes of direction. */
const obeyed = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** Prints each event as one line of JSON, unchanged. */
export function jsonRenderer(screen: Screen): Renderer {
  return {
    event: (event) => screen.write(`${jsonText(event)}\n`),
    end: () => {},
  };
}

/** Returns a value as JSON without characters that a terminal obeys. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(obeyed, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
