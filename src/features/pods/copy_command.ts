import { defined } from "../../lib/defined.ts";
import { defineCommand, flag, list, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";

/** Differences between a copy of a pod and the original. */
export interface CopyOptions {
  name?: string;
  /** Image and command of the chosen container, instead of its own. */
  image?: string;
  command?: readonly string[];
  /** Shares one pid namespace among all containers. */
  shareProcesses: boolean;
  /** Lets the scheduler choose the node, instead of the pod's own. */
  anyNode: boolean;
}

export const copy = defineCommand({
  name: "copy",
  anyPod: true,
  summary: "Make a debug copy of a pod that gets no traffic and is not restarted, above all of one that crashes",
  arguments: "[command...]",
  passThrough: true,
  permissions: ["target", "copy"],
  options: {
    command: list(
      "--command <words...>",
      "what the container runs instead of its own command; or give it after --",
    ),
    image: text("--image <reference>", "image of the container (default: the original's)"),
    shareProcesses: flag("--share-processes", "one pid namespace for all containers of the copy"),
    name: text("--name <name>", "name of the copy (default: POD-copy- and five letters)"),
    anyNode: flag("--any-node", "let the scheduler choose the node (default: the original's node)"),
  },
  examples: [
    ["scope -n shop -p web copy -- sleep infinity", "a copy that does not crash, to look around in"],
    [
      "scope -n shop -p web copy --image busybox --command sleep 3600",
      "with the pod's volumes and variables, but another image",
    ],
    ["scope -n shop -p web --container migrate copy -- sh -c 'env; sleep 1000'", "for an init container, too"],
  ],
  plan({ command: given, image, shareProcesses, name, anyNode }, words, { terminate }): CopyOptions {
    if (given.length > 0 && words.length > 0) {
      throw new ScopeError("usage", "The command is given twice", {
        hint: "give it with --command, or after --, where it may have options of its own",
      });
    }
    if (terminate) {
      throw new ScopeError("usage", "Option --terminate makes no sense for a copy", {
        hint: "a copy is there to stay; scope cleanup -p NAME removes it",
      });
    }
    const command = [...given, ...words];
    return {
      ...defined({ name, image }),
      ...(command.length === 0 ? {} : { command }),
      ...{ shareProcesses, anyNode },
    };
  },
  load: () => import("./run_copy.ts"),
});
