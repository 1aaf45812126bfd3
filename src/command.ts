import type { Ask } from "./rights/asks.ts";
import type { Context } from "./context.ts";
import type { OptionSpec, RawOptions, Values } from "./options.ts";
import type { Needs } from "./way.ts";

/** A subcommand: what it is called, what it takes, and one function that gets its world handed in. */
export interface Command {
  name: string;
  aliases?: readonly string[];
  /** Not for everybody: left out of the list of commands. */
  hidden?: boolean;
  summary: string;
  /** For example `[host...]`. */
  arguments?: string;
  /** What each of them is, where a shell can help with it; the last one holds for all that follow. */
  argumentValues?: readonly Values[];
  /** Pods that do not run are targets as well. */
  anyPod?: boolean;
  options?: readonly OptionSpec[];
  /** Everything from the first argument on belongs to another program. */
  passThrough?: boolean;
  /** A `--` stays among its arguments: what stands behind it is something else than what stands before. */
  separator?: boolean;
  /** What it needs of the place that it works from; not set where it goes to none. */
  needs?: Needs;
  /** What it asks the API server for; by default, where it has `needs`, what finds a target and gets beside it. */
  asks?: readonly Ask[];
  /** Command lines with what they do. */
  examples: readonly (readonly [string, string])[];
  /** Returns the exit code. Throws ScopeError. */
  run(context: Context, options: RawOptions, args: readonly string[]): Promise<number>;
}

/** What a command asks the API server for; nothing where nobody has said. */
export function asksOf({ asks, needs }: Command): readonly Ask[] | undefined {
  return asks ?? (needs === undefined ? undefined : ["target", "way"]);
}
