import type { Failed } from "../event.ts";
import { safe } from "./safe.ts";
import { paint } from "./style.ts";

/** Returns the line for a failure of one of several things. */
export function failedLine(event: Failed, color: boolean): string {
  const hint = event.hint === undefined ? "" : ` (${safe(event.hint)})`;
  return paint(`${safe(event.subject)}: failed: ${safe(event.reason)}${hint}`, "bad", color);
}
