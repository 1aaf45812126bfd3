import { defined } from "../../lib/defined.ts";
import { defineCommand, flag } from "../../command.ts";
import { targetQuery } from "../../options.ts";
import type { GlobalOptions } from "../../options.ts";
import type { TargetQuery } from "../../target.ts";
import type { Needs } from "../../way.ts";
import type { CopyRequest, PodPlace } from "./copy_place.ts";
import { parseCopy } from "./copy_place.ts";

export interface CpPlan {
  query: TargetQuery;
  request: CopyRequest;
}

export const needs: Needs = { files: "all" };

export const cp = defineCommand({
  name: "cp",
  needs,
  summary: "Copy files and directories out of a container and into it, whatever its image has",
  arguments: "[source-and-destination...]",
  argumentValues: ["file"],
  options: { follow: flag("-L, --follow", "copy what links point to (default: the links themselves)") },
  examples: [
    ["scope cp web:/var/log/app.log .", "out of the pod; namespace/web:… names the namespace, too"],
    ["scope -p web cp ./conf :/etc/app", "a directory into it, below /etc/app where that is there"],
    ["scope -p web cp :/etc/passwd -", "to standard output; - as the source is standard input"],
  ],
  plan({ follow }, args, globals): CpPlan {
    const { direction, pod, local } = parseCopy(args);
    return { query: queryOf(pod, globals), request: { direction, remote: pod.path, local, follow } };
  },
  load: () => import("./run_cp.ts"),
});

/** Selects the pod named before the colon; without one, the pod of the options. */
function queryOf({ pod, namespace }: PodPlace, options: GlobalOptions): TargetQuery {
  const { container, ...rest } = targetQuery(options);
  return {
    ...(pod === undefined ? rest : { pod }),
    ...defined({ container, namespace }),
  };
}
