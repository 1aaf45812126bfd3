import { version } from "../version.ts";

/** Creator and purpose of an object in a cluster. */
export interface CreatedBy {
  /** `user@host` as known to this machine, not to the cluster. */
  by: string;
  /** Name of the command of scope. */
  command: string;
}

/** Returns annotations for a pod that scope creates: they name the person to ask. Its creationTimestamp gives the time. */
export function createdByAnnotations(createdBy: CreatedBy | undefined): Record<string, string> {
  if (createdBy === undefined) return {};
  return {
    "scope/created-by": createdBy.by,
    "scope/created-for": createdBy.command,
    "scope/created-with": `scope ${version}`,
  };
}
