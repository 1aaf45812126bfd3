import type { Context } from "../../context.ts";
import { targetQuery } from "../../options.ts";
import { makeDebugPods } from "./debug_pods.ts";

/** Starts the debug pod of the target's node, or finds it. */
export async function run(context: Context, _plan?: undefined, make = makeDebugPods): Promise<number> {
  const debugPods = make(await context.cluster());
  return await context.show([await debugPods.launch(await context.target(targetQuery(context.options)))]);
}
