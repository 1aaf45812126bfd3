import type { Renderer, Screen } from "../renderer.ts";

/** One line of JSON an event: exactly the event. JSON escapes control characters itself. */
export function jsonRenderer(screen: Screen): Renderer {
  return {
    event: (event) => screen.write(`${JSON.stringify(event)}\n`),
    end: () => {},
  };
}
