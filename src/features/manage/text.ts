import type { EventText } from "../../renderer.ts";
import { safe } from "../../text/safe.ts";
import type { ManageEvent } from "./events.ts";

export function manageText(): EventText<ManageEvent> {
  // The name alone is what cut -d' ' -f1 makes of it.
  return { lines: ({ name, address }) => [safe(`${name} ${address}`)] };
}
