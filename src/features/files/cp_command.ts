import type { Command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { parseCopy } from "./copy_place.ts";
import type { PodPlace } from "./copy_place.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import type { GlobalOptions } from "../../options.ts";
import type { TargetQuery } from "../../target.ts";
import type { Needs } from "../../way.ts";

const needs: Needs = { files: "all" };

export const cp: Command = {
  name: "cp",
  needs,
  summary: "Copy files and folders out of a container and into it, whatever its image has",
  arguments: "[source-and-destination...]",
  argumentValues: ["file"],
  options: [{ flags: "-L, --follow", description: "copy what links point to (default: the links themselves)" }],
  examples: [
    ["scope cp web:/var/log/app.log .", "out of the pod; namespace/web:… names the namespace, too"],
    ["scope -p web cp ./conf :/etc/app", "a folder into it, below /etc/app where that is there"],
    ["scope -p web cp :/etc/passwd -", "to standard output; - as the source is standard input"],
  ],
  async run(context, options, args) {
    const { direction, pod, local } = parseCopy(args);
    await using beside = await context.enter(queryOf(pod, context.options), needs);
    const request = { direction, remote: pod.path, local, follow: options.follow === true };
    return await context.show(shown(context, context.copyFiles(beside, request)));
  },
};

/** The pod that stands before the colon, else the one of the options. */
function queryOf({ pod, namespace }: PodPlace, options: GlobalOptions): TargetQuery {
  const { container, ...rest } = targetQuery(options);
  return {
    ...(pod === undefined ? rest : { pod }),
    ...(container === undefined ? {} : { container }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** In text, single files are told of with -v only. */
async function* shown({ options: { output, verbose } }: Context, events: AsyncIterable<Event>): AsyncIterable<Event> {
  for await (const event of events) if (output === "json" || verbose || event.type !== "cp.file") yield event;
}
