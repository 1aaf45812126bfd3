import { FileTrouble } from "../../manager/client/target_files.ts";
import { ClosedPipe } from "../../terminal/terminal.ts";

/** Returns FileTrouble for an error of a local file, and any other error unchanged. */
export function localTrouble(path: string, error: unknown): unknown {
  if (error instanceof FileTrouble || error instanceof ClosedPipe) return error;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return new FileTrouble(path, code);
  for (const [kind, code] of kinds) if (error instanceof kind) return new FileTrouble(path, code);
  return error;
}

const kinds: readonly (readonly [new (...args: never[]) => Error, string])[] = [
  [Deno.errors.NotFound, "ENOENT"],
  [Deno.errors.PermissionDenied, "EACCES"],
  [Deno.errors.AlreadyExists, "EEXIST"],
  [Deno.errors.IsADirectory, "EISDIR"],
  [Deno.errors.NotADirectory, "ENOTDIR"],
];

/** Returns the lstat(2) result of a path, or undefined if the path does not exist. */
export async function lstatIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  return await ifThere(() => Deno.lstat(path));
}

export async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

export function joined(directory: string, path: string): string {
  return path === ""
    ? directory
    : directory === "" || directory.endsWith("/")
    ? `${directory}${path}`
    : `${directory}/${path}`;
}
