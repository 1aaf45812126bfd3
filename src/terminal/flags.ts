import text from "../../deploy/permissions.txt" with { type: "text" };

/** A flag of Deno under which scope runs. */
export interface Flag {
  /** As on the command line, `--allow-net`. */
  readonly flag: string;
  /** What it is for, in one line. */
  readonly why: string;
}

/** Reads a file such as deploy/permissions.txt: each flag in a line of its own, and indented below it what it is for. */
export function readFlags(text: string): Flag[] {
  return [...text.matchAll(/^(--\S+)\n((?:[ \t]+\S.*\n?)+)/gm)].map(([, flag = "", why = ""]) => ({
    flag,
    why: why.trim().replaceAll(/\s+/g, " "),
  }));
}

/** How scope runs and what it may do on this machine. */
export const flags: readonly Flag[] = readFlags(text);

/** Those that allow something. */
export const permissions: readonly Flag[] = flags.filter(({ flag }) => flag.startsWith("--allow-"));
