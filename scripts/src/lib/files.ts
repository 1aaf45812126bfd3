import { dirname } from "node:path";

/** Returns the content of a text file; undefined when it does not exist. */
export function textOf(path: string): string | undefined {
  return orUndefined(() => Deno.readTextFileSync(path));
}

export function exists(path: string): boolean {
  return orUndefined(() => Deno.statSync(path)) !== undefined;
}

/** Returns the paths of all files below a directory, from the directory on, sorted. */
export function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${directory}/${name}`).map((path) => `${name}/${path}`) : [name]
  ).sort();
}

/** Copies a file with its permissions, and makes the directory of the copy. */
export function copy(from: string, to: string): void {
  Deno.mkdirSync(dirname(to), { recursive: true });
  Deno.copyFileSync(from, to);
}

/** Copies a file if it differs. Atomic: readers see either the old or the new file. */
export function copyIfDifferent(from: string, to: string): void {
  const old = orUndefined(() => Deno.readFileSync(to));
  if (old !== undefined && equal(old, Deno.readFileSync(from))) return;
  const part = `${to}.part.${Deno.pid}`;
  copy(from, part);
  Deno.renameSync(part, to);
}

/** Writes a file atomically: readers see either the old or the new text. */
export function writeAtomically(path: string, text: string): void {
  const part = `${path}.part.${Deno.pid}`;
  Deno.writeTextFileSync(part, text);
  Deno.renameSync(part, path);
}

/** Removes a file or directory with everything in it, if it exists. */
export function remove(path: string): void {
  orUndefined(() => Deno.removeSync(path, { recursive: true }));
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
