import type { Renderer, Screen } from "../renderer.ts";

/** What JSON leaves as it is, though terminals obey it: C1 controls, line separators, changes of direction. */
const obeyed = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** One line of JSON an event: exactly the event. */
export function jsonRenderer(screen: Screen): Renderer {
  return {
    event: (event) => screen.write(`${jsonText(event)}\n`),
    end: () => {},
  };
}

/** A value as JSON that no terminal obeys. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(obeyed, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
