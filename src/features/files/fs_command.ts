import { defineCommand, flag } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { Needs } from "../../way.ts";
import { parseInode } from "./target_files.ts";

/** The parsed command line of `fs`. */
export type FsPlan =
  | { action: "ls"; paths: readonly string[]; all: boolean; recursive: boolean }
  | { action: "cat"; paths: readonly string[] }
  | { action: "find"; inode: bigint };

const actions: readonly FsPlan["action"][] = ["ls", "cat", "find"];

export const needs: Needs = { files: "all" };

export const fs = defineCommand({
  name: "fs",
  needs,
  summary: "List or print files of a container, or find the path and the layer of an inode number",
  arguments: "[ls|cat|find] [argument...]",
  argumentValues: [actions, []],
  options: {
    all: flag("-a, --all", "ls: also names that begin with a dot"),
    recursive: flag("-R, --recursive", "ls: also what is in the directories"),
  },
  examples: [
    ["scope -p web fs ls -a /etc", "a directory; by default the one its first process works in"],
    ["scope -p web fs cat /etc/hosts", "the bytes of a file, as they are"],
    ["scope -p web fs find 3601465", "where the inode is that ls -i printed in the container"],
  ],
  plan({ all, recursive }, [name = "", ...args]): FsPlan {
    switch (name) {
      case "ls":
        return { action: name, paths: args, all, recursive };
      case "cat":
        if (args.length === 0) throw new ScopeError("usage", "No file specified", { hint: "scope fs cat PATH" });
        return { action: name, paths: args };
      case "find":
        return { action: name, inode: inodeOf(args) };
    }
    throw new ScopeError("usage", name === "" ? "No action specified" : `Command "fs" cannot "${name}"`, {
      hint: "it is one of ls, cat, find; scope fs --help shows examples",
    });
  },
  load: () => import("./run_fs.ts"),
});

function inodeOf(args: readonly string[]): bigint {
  if (args.length === 1) return parseInode(args[0]!);
  throw new ScopeError("usage", `Command "fs find" takes one inode number, got ${args.length || "none"}`, {
    hint: "it is the number that ls -i prints, for example 3601465",
  });
}
