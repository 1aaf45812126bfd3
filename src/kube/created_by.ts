import { version } from "../version.ts";

/** Who makes something in a cluster, and for what. */
export interface CreatedBy {
  /** `user@host`: what this machine says, not what the cluster knows. */
  by: string;
  /** Name of the command of scope. */
  command: string;
}

/** Annotations of a pod that scope makes: they say whom to ask. When it was made its creationTimestamp says. */
export function makerAnnotations(createdBy: CreatedBy | undefined): Record<string, string> {
  if (createdBy === undefined) return {};
  return {
    "scope/created-by": createdBy.by,
    "scope/created-for": createdBy.command,
    "scope/created-with": `scope ${version}`,
  };
}
