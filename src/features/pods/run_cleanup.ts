import type { Context } from "../../context.ts";
import type { CleanupPlan } from "./cleanup_command.ts";
import { makeDebugPods } from "./debug_pods.ts";

/** Removes everything that the plan names. Returns 1 if a removal failed. */
export async function run(context: Context, { pod, everywhere }: CleanupPlan, make = makeDebugPods): Promise<number> {
  return await context.show(make(await context.cluster()).remove(pod, everywhere));
}
