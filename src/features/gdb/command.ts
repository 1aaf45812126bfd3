import { defineCommand, flag, list, parsed } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { processId } from "../../options.ts";

export interface GdbPlan {
  /** Pid on the node; undefined: the target's first process. */
  pid: number | undefined;
  /** Paths of command files on this machine. */
  files: readonly string[];
  /** gdb's own arguments. */
  args: readonly string[];
  batch: boolean;
  backtrace: boolean;
}

export const gdb = defineCommand({
  name: "gdb",
  summary: "Debug a process of the target, which stands still meanwhile and runs on at the end",
  arguments: "[args...]",
  needs: { files: true, writes: true },
  options: {
    pid: parsed("-p, --pid <pid>", "process, by its pid on the node (default: the target's first one)", processId),
    batch: flag("--batch", "run the commands that are given, and end"),
    files: list(
      "-x, --command <file>",
      "run gdb commands from a file of this machine; may be given several times",
      { values: "file" },
    ),
    backtrace: flag("--backtrace", "print the stacks of all threads, let go at once, and say how long it took"),
  },
  examples: [
    ["scope -n shop -p web gdb", "a gdb prompt"],
    ["scope -n shop -p web gdb --backtrace", "where all threads are; the target stands still for a moment"],
    ["scope -n shop -p web gdb --batch -- -ex 'info registers'", "gdb's own options stand after --"],
    ["scope -n shop -p web gdb -p 4242 -x watch.gdb", "commands of a file first"],
  ],
  plan({ pid, batch, files, backtrace }, args): GdbPlan {
    if (backtrace && (files.length > 0 || args.length > 0)) {
      throw new ScopeError("usage", "Option --backtrace takes no commands", {
        hint: "give --batch and -- -ex 'thread apply all bt' -ex COMMAND instead",
      });
    }
    return { pid, batch, files, backtrace, args };
  },
  load: () => import("./run.ts"),
});
