import type { EventText } from "../../renderer.ts";
import { safe } from "../../text/safe.ts";
import type { ManageEvent } from "./events.ts";

export function manageText(): EventText<ManageEvent> {
  // `cut -d' ' -f1` must return the name alone.
  return { lines: ({ name, address }) => [safe(`${name} ${address}`)] };
}
