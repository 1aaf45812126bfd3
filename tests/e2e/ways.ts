import { through, type Via } from "./scope.ts";

/** What the Ways honestly do not have in common; all else is the same, and tested by the same tests. */
export interface WayTraits {
  readonly via: Via;
  /** Its pids are the node's; otherwise those of the target's pid namespace. */
  readonly nodePids: boolean;
  /** It reaches the network of a pod none of whose containers runs. */
  readonly withoutContainer: boolean;
}

const ways: readonly WayTraits[] = [
  { via: "node", nodePids: true, withoutContainer: true },
  { via: "ephemeral", nodePids: false, withoutContainer: false },
];

/** The demo workloads that run. */
export const workloads = ["web", "api", "pair", "shared", "dns", "db", "agent", "host"] as const;

/** One test for each Way: in it, scope goes by that Way unless a command line says otherwise. */
export function overWays(name: string, body: (t: Deno.TestContext, way: WayTraits) => Promise<void>): void {
  for (const way of ways) Deno.test(`${name}, --via ${way.via}`, (t) => through(way.via, () => body(t, way)));
}
