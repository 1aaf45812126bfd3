import type { Context } from "../../context.ts";
import { targetQuery } from "../../options.ts";
import { type FsPlan, needs } from "./fs_command.ts";
import { catBytes, findInode, listEvents } from "./target_files.ts";

/** Lists, prints or finds files. Returns 1 if any of them failed. */
export async function run(context: Context, plan: FsPlan): Promise<number> {
  const { signal } = context;
  await using client = await context.enter(targetQuery(context.options), needs);
  switch (plan.action) {
    case "ls":
      return await context.show(listEvents(client, plan.paths, { ...plan, signal }));
    case "find":
      return await context.show(findInode(client, plan.inode, signal));
  }
  let failed = 0;
  const noticeFailed = (text: string) => {
    failed++;
    context.notice(text);
  };
  await context.print(catBytes(client, plan.paths, signal, noticeFailed));
  return failed > 0 ? 1 : 0;
}
