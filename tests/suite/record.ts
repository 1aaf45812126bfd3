import { dirname } from "node:path";
import { textOf, writeAtomically } from "../../scripts/src/lib/files.ts";

/** Results of earlier runs on this machine: durations in seconds, and fingerprints of sources with which a file passed. */
export interface Results {
  readonly seconds: Readonly<Record<string, number>>;
  readonly passed: Readonly<Record<string, string>>;
}

/** Reads the results of earlier runs; there are none in a missing or broken file. */
export function readResults(path: string): Results {
  try {
    const { seconds = {}, passed = {} } = JSON.parse(textOf(path) ?? "{}");
    return { seconds, passed };
  } catch (error) {
    if (error instanceof SyntaxError) return { seconds: {}, passed: {} };
    throw error;
  }
}

/** Adds results to those in the file. The last run wins if several end at the same time. */
export function writeResults(path: string, added: Results): void {
  const { seconds, passed } = readResults(path);
  const all: Results = { seconds: { ...seconds, ...added.seconds }, passed: { ...passed, ...added.passed } };
  Deno.mkdirSync(dirname(path), { recursive: true });
  writeAtomically(path, JSON.stringify(all));
}
