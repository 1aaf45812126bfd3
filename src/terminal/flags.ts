import text from "../../deploy/permissions.txt" with { type: "text" };

/** A flag of Deno under which scope runs. */
export interface Flag {
  /** The flag on the command line, for example `--allow-net`. */
  readonly flag: string;
  /** Its purpose, in one line. */
  readonly why: string;
}

/** Parses a file such as deploy/permissions.txt: each flag on its own line, and its purpose indented below. */
export function readFlags(text: string): Flag[] {
  return [...text.matchAll(/^(--\S+)\n((?:[ \t]+\S.*\n?)+)/gm)].map(([, flag = "", why = ""]) => ({
    flag,
    why: why.trim().replaceAll(/\s+/g, " "),
  }));
}

/** Flags under which scope runs, including its permissions on this machine. */
export const flags: readonly Flag[] = readFlags(text);

/** Flags that grant a permission. */
export const permissions: readonly Flag[] = flags.filter(({ flag }) => flag.startsWith("--allow-"));

/** Flags of V8: programs that share Deno's cache need the same ones, or each replaces the compiled code of the other there. */
export const v8Flags: readonly Flag[] = flags.filter(({ flag }) => flag.startsWith("--v8-flags="));
