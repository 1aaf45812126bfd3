import { type Right, rightTable } from "./rights.ts";
import type { PodReference, WorkloadKind } from "../target.ts";
import { parsePodReference } from "../target.ts";
import type { WayName } from "../way.ts";

/**
 * Names of the groups of rights that commands need: `target` finds the target; `targets` also follows its pods as they come
 * and go, unless it is a pod by name; `way` connects to it; the others are groups of rightTable.
 */
export const permissions = [
  ...["target", "targets", "way", "node", "destinations", "copy", "list", "remove", "logs", "names"] as const,
] as const;
export type PermissionGroup = (typeof permissions)[number];

/** Values of the global options, and of those of `rbac`, that decide which rights are needed. */
export interface RightsQuery {
  pod?: string;
  selector?: string;
  via: WayName;
  terminate: boolean;
  /** Lists and removes in all namespaces. */
  everywhere: boolean;
}

/** Returns the rights of these groups, including the optional ones. */
export function rightsOf(permissions: readonly PermissionGroup[], query: RightsQuery): Right[] {
  const { via, terminate, everywhere } = query;
  const debugPod = terminate ? [...rightTable.node, ...rightTable.terminate] : rightTable.node;
  const groups = permissions.flatMap((group): readonly Right[] => {
    switch (group) {
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
        return everywhere
          ? rightTable[group].map((right) => ({ ...right, where: "cluster" as const }))
          : rightTable[group];
      default:
        return rightTable[group];
    }
  });
  return groups.filter((right, at) => groups.findIndex((other) => same(right, other)) === at);
}

/** Returns the rights to find the target; without an option, those for a pod by name. */
function finding({ pod, selector }: RightsQuery): readonly Right[] {
  if (selector !== undefined) return rightTable.labels;
  const kind = workloadOf(pod);
  return kind === undefined ? rightTable.pod : [...rightTable[kind], ...rightTable.labels];
}

function workloadOf(pod: string | undefined): Exclude<WorkloadKind, "pod"> | undefined {
  const kind = pod === undefined ? undefined : parsePodReference(pod)?.kind;
  return kind === "pod" ? undefined : kind;
}

/** Returns the pod's name if the target is a single pod by name. */
export function podName({ pod, selector }: Pick<RightsQuery, "pod" | "selector">): string | undefined {
  return selector !== undefined || pod === undefined ? undefined : oneName(parsePodReference(pod));
}

function oneName(reference: PodReference | undefined): string | undefined {
  return reference?.kind === undefined || reference.kind === "pod" ? reference?.name : undefined;
}

function same(a: Right, b: Right): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
