import { dirname } from "node:path";
import { filesBelow } from "../lib/files.ts";

const DAY = 24 * 60 * 60 * 1000;

/**
 * Replaces the files of a bundle one by one, chunks before the entries that load them, and lists them in `files`. Chunks of
 * older bundles stay for a day: a program that starts from the old bundle at the same time still finds its own, whose names
 * contain a hash of their content.
 */
export function replaceFiles(part: string, out: string): void {
  const files = filesBelow(part);
  Deno.mkdirSync(out, { recursive: true });
  // A package contains these files, but no older ones.
  Deno.writeTextFileSync(`${out}/files`, files.map((file) => `./${file}\n`).join(""));
  const isEntry = (file: string) => file.split("/").at(-1) === "main.js";
  for (const file of files.toSorted((one, other) => Number(isEntry(one)) - Number(isEntry(other)))) {
    Deno.mkdirSync(dirname(`${out}/${file}`), { recursive: true });
    Deno.renameSync(`${part}/${file}`, `${out}/${file}`);
  }
  for (const file of filesBelow(out).map((name) => `${out}/${name}`)) {
    if (/-[^/]*\.js$/.test(file) && ageOf(file) > DAY) Deno.removeSync(file);
  }
}

function ageOf(file: string): number {
  return Date.now() - (Deno.statSync(file).mtime?.getTime() ?? Date.now());
}
