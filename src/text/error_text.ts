import { oneLine } from "../lib/one_line.ts";
import { safe } from "./safe.ts";

/** Returns the error for a user: one line, and the hint on the next. */
export function describe(error: { message: string; hint?: string | undefined }): string {
  const hint = error.hint === undefined ? "" : `\nhint: ${safe(oneLine(error.hint))}`;
  return `error: ${safe(oneLine(error.message))}${hint}`;
}
