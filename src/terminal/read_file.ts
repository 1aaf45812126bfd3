import { ScopeError } from "../errors.ts";

/** Returns the text of a file of this machine. Throws ScopeError: notFound, denied or usage. */
export async function readFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ScopeError("notFound", `Cannot find the file "${path}"`, {
        cause: error,
        hint: "it is looked for on this machine, not in the target",
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ScopeError("denied", `Cannot read the file "${path}": permission denied`, { cause: error });
    }
    throw new ScopeError("usage", `Cannot read the file "${path}"`, {
      cause: error,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
}
