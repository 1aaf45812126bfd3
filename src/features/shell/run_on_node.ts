import type { Context } from "../../context.ts";
import { sessionProgram } from "../../runs/session.ts";
import type { NodePlan } from "./node_command.ts";

/** Runs a shell or a command on a node. Returns its exit code. */
export async function run(context: Context, { node, command }: NodePlan): Promise<number> {
  await using place = await context.enterNode(node);
  const program = sessionProgram(context, command);
  const run = place.run({
    ...program,
    // Printed by the shell when it starts.
    env: { ...program.env, SCOPE_ROOT: "/host" },
    namespaces: ["net", "pid", "uts", "ipc"],
    pid: 1,
  });
  const code = await context.attach(run);
  // Keeps `place` in use more than once: see run.ts.
  if (place.targetGone.aborted) throw place.targetGone.reason;
  return code;
}
