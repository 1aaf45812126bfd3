import type { Command } from "../../command.ts";
import type { Beside, Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";
import type { RawOptions } from "../../options.ts";
import type { Needs } from "../../way.ts";
import { catBytes, findInode, listEvents, parseInode } from "./target_files.ts";

/** What `fs` does: how many arguments it takes, and the work, once the arguments are read. Throws ScopeError (usage). */
type Action = (args: readonly string[], options: RawOptions) => (beside: Beside, context: Context) => Promise<number>;

const actions: Readonly<Record<string, Action>> = {
  ls: (paths, { all, recursive }) => async (beside, { show, signal }) =>
    await show(listEvents(beside, paths, { all: all === true, recursive: recursive === true, signal })),
  cat(paths) {
    if (paths.length === 0) throw new ScopeError("usage", "Nothing says which file", { hint: "scope fs cat PATH" });
    return async (beside, { print, say, signal }) => {
      let failed = 0;
      const tell = (text: string) => {
        failed++;
        say(text);
      };
      await print(catBytes(beside, paths, signal, tell));
      return failed > 0 ? 1 : 0;
    };
  },
  find(args) {
    if (args.length !== 1) {
      throw new ScopeError("usage", `Command "fs find" takes one inode number, got ${args.length || "none"}`, {
        hint: "it is the number that ls -i prints, for example 3601465",
      });
    }
    const inode = parseInode(args[0]!);
    return async (beside, { show, signal }) => await show(findInode(beside, inode, signal));
  },
};

const needs: Needs = { files: "all" };

export const fs: Command = {
  name: "fs",
  needs,
  summary: "List or print files of a container, or find the path and the layer of an inode number",
  arguments: "[ls|cat|find] [argument...]",
  argumentValues: [Object.keys(actions), []],
  options: [
    { flags: "-a, --all", description: "ls: also names that begin with a dot" },
    { flags: "-R, --recursive", description: "ls: also what is in the folders" },
  ],
  examples: [
    ["scope -p web fs ls -a /etc", "a folder; by default the one its first process works in"],
    ["scope -p web fs cat /etc/hosts", "the bytes of a file, as they are"],
    ["scope -p web fs find 3601465", "where the inode is that ls -i printed in the container"],
  ],
  async run(context, options, [name = "", ...args]) {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) {
      throw new ScopeError("usage", name === "" ? "Nothing says what to do" : `Command "fs" cannot "${name}"`, {
        hint: "it is one of ls, cat, find; scope fs --help shows examples",
      });
    }
    const work = action(args, options);
    await using beside = await context.enter(targetQuery(context.options), needs);
    return await work(beside, context);
  },
};
