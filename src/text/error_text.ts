import type { ScopeError } from "../errors.ts";
import { safe } from "./safe.ts";

/** Returns the error for a user: one line, and the hint on the next. */
export function describe(error: ScopeError): string {
  const hint = error.hint === undefined ? "" : `\nhint: ${oneLine(error.hint)}`;
  return `error: ${oneLine(error.message)}${hint}`;
}

function oneLine(text: string): string {
  return safe(text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim());
}
