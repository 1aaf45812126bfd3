import { defined } from "../lib/defined.ts";
import type { DestinationQuery } from "../target.ts";

interface Given {
  destPod: readonly string[];
  destNamespace: string | undefined;
  all: boolean;
}

/** Returns the destinations of a command line; a namespace alone means all its pods. Undefined if none is specified. */
export function destinationQuery(
  { destPod: pods, destNamespace: namespace, all }: Given,
  hosts: readonly string[],
  families: DestinationQuery["families"],
): DestinationQuery | undefined {
  const chosen = pods.length > 0 || hosts.length > 0;
  if (!all && !chosen && namespace === undefined) return undefined;
  return { pods, all: all || !chosen, hosts, ...defined({ namespace }), families };
}
