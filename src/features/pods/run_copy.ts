import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { copyPod } from "./copy.ts";
import type { CopyOptions } from "./copy_command.ts";

type Copying = (...call: Parameters<typeof copyPod>) => Promise<Event>;

/** Makes a debug copy and waits until it is ready; on failure no copy is left. */
export async function run(context: Context, options: CopyOptions, copy: Copying = copyPod): Promise<number> {
  const cluster = await context.cluster();
  return await context.show([await copy(cluster, await context.target(targetQuery(context.options)), options)]);
}
