import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";

export const copy: Command = {
  name: "copy",
  anyPod: true,
  summary: "Make a debug copy of a pod that gets no traffic and is not restarted, above all of one that crashes",
  arguments: "[command...]",
  passThrough: true,
  asks: ["target", "copy"],
  options: [
    {
      flags: "--command <words...>",
      description: "what the container runs instead of its own command; or give it after --",
    },
    { flags: "--image <reference>", description: "image of the container (default: the original's)" },
    { flags: "--share-processes", description: "one pid namespace for all containers of the copy" },
    { flags: "--name <name>", description: "name of the copy (default: POD-copy- and five letters)" },
    { flags: "--any-node", description: "let the scheduler choose the node (default: the original's node)" },
  ],
  examples: [
    ["scope -n shop -p web copy -- sleep infinity", "a copy that does not crash, to look around in"],
    [
      "scope -n shop -p web copy --image busybox --command sleep 3600",
      "with the pod's volumes and variables, but another image",
    ],
    ["scope -n shop -p web --container migrate copy -- sh -c 'env; sleep 1000'", "for an init container, too"],
  ],
  async run(context, options, words) {
    const text = (key: string) => typeof options[key] === "string" ? { [key]: options[key] as string } : {};
    const given = Array.isArray(options.command) ? options.command as string[] : [];
    if (given.length > 0 && words.length > 0) {
      throw new ScopeError("usage", "The command is given twice", {
        hint: "give it with --command, or after --, where it may have options of its own",
      });
    }
    if (context.options.terminate) {
      throw new ScopeError("usage", "Option --terminate makes no sense for a copy", {
        hint: "a copy is there to stay; scope cleanup -p NAME removes it",
      });
    }
    const command = [...given, ...words];
    const event = await context.copy(targetQuery(context.options), {
      ...text("name"),
      ...text("image"),
      ...(command.length === 0 ? {} : { command }),
      shareProcesses: options.shareProcesses === true,
      anyNode: options.anyNode === true,
    });
    return await context.show([event]);
  },
};
