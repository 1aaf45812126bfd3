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

/**
 * The ways by which the tests of all commands run: both for `scripts/test --all`. Otherwise only the first, as
 * second_way_test.ts tests that each command also works by the second.
 */
export const testedWays: readonly WayTraits[] = (Deno.env.get("SCOPE_TEST_ALL") ?? "") === "" ? ways.slice(0, 1) : ways;

/** The running demo workloads. */
export const workloads = ["web", "api", "pair", "shared", "dns", "db", "agent", "host"] as const;

/** Declares a test for each tested way, which is the default of the command lines in it. */
export function overWays(name: string, body: (t: Deno.TestContext, way: WayTraits) => Promise<void>): void {
  for (const way of testedWays) Deno.test(`${name}, --via ${way.via}`, (t) => through(way.via, () => body(t, way)));
}
