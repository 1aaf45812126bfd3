import { parse } from "dotenv";
import { ScopeError } from "../errors.ts";

/**
 * Variables from the file given, or else from the user's own ~/.config/scope/env. A `.env` of the current folder is never
 * read by itself: a cloned repository must not choose the image that runs privileged in a cluster.
 *
 * Throws ScopeError (notFound, denied) for a file that was given and cannot be read.
 */
export function readEnvFile(given: string | undefined): Record<string, string> {
  const home = Deno.env.get("XDG_CONFIG_HOME") || `${Deno.env.get("HOME") ?? ""}/.config`;
  const path = given ?? `${home}/scope/env`;
  try {
    return parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (given === undefined && error instanceof Deno.errors.NotFound) return {};
    const missing = error instanceof Deno.errors.NotFound;
    throw new ScopeError(missing ? "notFound" : "denied", `Cannot ${missing ? "find" : "read"} the file "${path}"`, {
      cause: error,
      hint: missing ? "check the path after --env-file" : "make it a file that you may read",
    });
  }
}
