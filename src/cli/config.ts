import { parse } from "dotenv";
import { brokenLine, unknownNames } from "./env_lines.ts";
import { ScopeError } from "../errors.ts";
import { globalOptions } from "../options.ts";

/** Names allowed in a file of variables: those of options, and SCOPE_AUDIT. */
const variableNames = [...globalOptions.flatMap(({ variable }) => variable ?? []), "SCOPE_AUDIT"];

/**
 * Reads variables from the given file, or else from ~/.config/scope/env. A `.env` of the current directory is never read: a
 * cloned repository must not choose the image that runs privileged in a cluster. `notice` gets warnings about probable typing
 * errors.
 *
 * Throws ScopeError: notFound and denied for a file that cannot be read, usage for an invalid line.
 */
export function readEnvFile(given: string | undefined, notice?: (text: string) => void): Record<string, string> {
  const home = Deno.env.get("XDG_CONFIG_HOME") || `${Deno.env.get("HOME") ?? ""}/.config`;
  const path = given ?? `${home}/scope/env`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (given === undefined && isHidden(path)) return {};
    const missing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    throw new ScopeError(missing ? "notFound" : "denied", `Cannot ${missing ? "find" : "read"} the file "${path}"`, {
      cause: error,
      hint: missing ? "check the path after --env-file" : "make it a file that you may read",
    });
  }
  const broken = brokenLine(text);
  if (broken !== undefined) {
    throw new ScopeError("usage", `Cannot read "${path}:${broken.line}": the line ${broken.what}`, {
      hint: "a line is NAME=VALUE, a comment that begins with #, or empty",
    });
  }
  for (const { line, what, name } of unknownNames(text, variableNames)) notice?.(`${path}:${line}: "${name}" ${what}`);
  return parse(text);
}

/**
 * Returns true if this user cannot see anything at `path`. After `su`, $HOME may still be another user's, and some set
 * XDG_CONFIG_HOME=/dev/null to have no file.
 */
function isHidden(path: string): boolean {
  try {
    Deno.statSync(path);
    return false;
  } catch {
    return true;
  }
}
