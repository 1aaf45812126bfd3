import type { Context } from "../../context.ts";
import type { CleanupPlan } from "./cleanup_command.ts";
import { makeDebugPods } from "./debug_pods.ts";

/** Removes what the plan means. Returns 1 when one of them could not be removed. */
export async function run(context: Context, { pod, everywhere }: CleanupPlan, make = makeDebugPods): Promise<number> {
  return await context.show(make(await context.cluster()).remove(pod, everywhere));
}
