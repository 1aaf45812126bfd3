import type { Beside } from "./context.ts";
import { ScopeError } from "./errors.ts";
import type { ProcessSeen } from "./event.ts";
import { targetName } from "./target.ts";

/**
 * The process that a tracer takes: the one of this pid, or else the first of the target's container. One that is none of
 * the target's is said.
 *
 * Throws ScopeError: notFound when there is no such process.
 */
export async function traced(
  beside: Beside,
  pid: number | undefined,
  say: (text: string) => void,
): Promise<ProcessSeen> {
  const { target } = beside, name = `${target.namespace}/${target.pod}`;
  if (pid === undefined) {
    const own = (await beside.processes()).filter((one) =>
      one.container === target.container.name && one.state !== "Z"
    );
    // The node's pids begin anew when they run out, so the lowest need not be the oldest.
    const first = own.find(({ containerPid }) => containerPid === 1) ?? own[0];
    if (first !== undefined) return first;
    throw new ScopeError("unreachable", `No process of "${targetName(target)}" runs`, {
      hint: `kubectl describe pod -n ${target.namespace} ${target.pod} says why`,
    });
  }
  const found = await beside.process(pid);
  if (found === undefined) {
    throw new ScopeError("notFound", `Cannot find process "${pid}" on node "${target.node}"`, {
      hint: `scope -n ${target.namespace} -p ${target.pod} pids lists the target's processes`,
    });
  }
  if (found.container === "") say(`process ${pid} is none of pod "${name}": ${found.command}`);
  return found;
}
