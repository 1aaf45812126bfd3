import { type Right, rightTable } from "./rights.ts";
import type { PodReference, WorkloadKind } from "../target.ts";
import { parsePodReference } from "../target.ts";
import type { WayName } from "../way.ts";

/**
 * What a command asks for, in groups of rights: `target`, whatever says which pod is meant; `targets`, the same, followed
 * as they come and go where it is not one pod by its name; `way`, to get beside it; or one of the rightTable.
 */
export const permissions = [
  ...["target", "targets", "way", "node", "destinations", "copy", "list", "remove", "logs", "names"] as const,
] as const;
export type PermissionGroup = (typeof permissions)[number];

/** What the global options, and those of `rbac`, say. */
export interface RightsQuery {
  pod?: string;
  selector?: string;
  via: WayName;
  terminate: boolean;
  /** In all namespaces: a list, and what is removed. */
  everywhere: boolean;
}

/** The rights that these asks come to, the optional ones as well. */
export function rightsOf(permissions: readonly PermissionGroup[], query: RightsQuery): Right[] {
  const { via, terminate, everywhere } = query;
  const debugPod = terminate ? [...rightTable.node, ...rightTable.terminate] : rightTable.node;
  const groups = permissions.flatMap((ask): readonly Right[] => {
    switch (ask) {
      case "target":
        return [...finding(query), ...rightTable.namespace];
      case "targets":
        return [
          ...finding(query),
          ...rightTable.namespace,
          ...podName(query) === undefined ? rightTable.following : [],
        ];
      case "way":
        return via === "local" ? [] : via === "node" ? debugPod : rightTable.ephemeral;
      case "node":
        return debugPod;
      case "list":
      case "remove":
        return everywhere ? rightTable[ask].map((right) => ({ ...right, where: "cluster" as const })) : rightTable[ask];
      default:
        return rightTable[ask];
    }
  });
  return groups.filter((right, at) => groups.findIndex((other) => same(right, other)) === at);
}

/** How the target is found: by its name where nothing is said of it. */
function finding({ pod, selector }: RightsQuery): readonly Right[] {
  if (selector !== undefined) return rightTable.labels;
  const kind = workloadOf(pod);
  return kind === undefined ? rightTable.pod : [...rightTable[kind], ...rightTable.labels];
}

function workloadOf(pod: string | undefined): Exclude<WorkloadKind, "pod"> | undefined {
  const kind = pod === undefined ? undefined : parsePodReference(pod)?.kind;
  return kind === "pod" ? undefined : kind;
}

/** The name of the one pod that is meant, if one is. */
export function podName({ pod, selector }: Pick<RightsQuery, "pod" | "selector">): string | undefined {
  return selector !== undefined || pod === undefined ? undefined : oneName(parsePodReference(pod));
}

function oneName(reference: PodReference | undefined): string | undefined {
  return reference?.kind === undefined || reference.kind === "pod" ? reference?.name : undefined;
}

function same(a: Right, b: Right): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
