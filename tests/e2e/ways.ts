import { through, type Via } from "./scope.ts";

/** Unavoidable differences between the ways; everything else is equal, and tested by the same tests. */
export interface WayTraits {
  readonly via: Via;
  /** True when pids are the node's; otherwise they are those of the target's pid namespace. */
  readonly nodePids: boolean;
  /** True when the network of a pod can be reached even if none of its containers runs. */
  readonly withoutContainer: boolean;
}

const ways: readonly WayTraits[] = [
  { via: "node", nodePids: true, withoutContainer: true },
  { via: "ephemeral", nodePids: false, withoutContainer: false },
];

/** The running demo workloads. */
export const workloads = ["web", "api", "pair", "shared", "dns", "db", "agent", "host"] as const;

/** Declares one test for each way, which is the default of the command lines in it. */
export function overWays(name: string, body: (t: Deno.TestContext, way: WayTraits) => Promise<void>): void {
  for (const way of ways) Deno.test(`${name}, --via ${way.via}`, (t) => through(way.via, () => body(t, way)));
}
