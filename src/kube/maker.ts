import { version } from "../version.ts";

/** Who makes something in a cluster, and for what. */
export interface Maker {
  /** `user@host`: what this machine says, not what the cluster knows. */
  by: string;
  /** Name of the command of scope. */
  command: string;
}

/** Annotations of a pod that scope makes: they say whom to ask. When it was made its creationTimestamp says. */
export function makerAnnotations(maker: Maker | undefined): Record<string, string> {
  if (maker === undefined) return {};
  return {
    "scope/created-by": maker.by,
    "scope/created-for": maker.command,
    "scope/created-with": `scope ${version}`,
  };
}
