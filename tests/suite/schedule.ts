import type { Results } from "./record.ts";

/** Expected seconds of a file that never ran here: such files start before the short ones. */
const UNKNOWN_SECONDS = 90;

export interface Schedule {
  /** In the order in which lanes take them. */
  readonly run: readonly string[];
  /** Files that have passed with the same sources. */
  readonly unchanged: readonly string[];
}

/**
 * Decides the files of a run and their order: the longest first, so that the lanes end at about the same time.
 * `fingerprints` has the hash of the sources of each file that needs to run only after their change.
 */
export function schedule(
  files: readonly string[],
  fingerprints: Readonly<Record<string, string>>,
  { seconds, passed }: Results,
): Schedule {
  const isUnchanged = (file: string) => fingerprints[file] !== undefined && passed[file] === fingerprints[file];
  const expected = (file: string) => seconds[file] ?? (fingerprints[file] === undefined ? UNKNOWN_SECONDS : Infinity);
  return {
    run: files.filter((file) => !isUnchanged(file)).toSorted((a, b) => expected(b) - expected(a) || (a < b ? -1 : 1)),
    unchanged: files.filter(isUnchanged),
  };
}
