import type { Access } from "../../rights/access.ts";
import { accessText } from "../../rights/access.ts";
import type { CommandNeeds } from "./doctor_command.ts";
import { ScopeError } from "../../errors.ts";
import type { DoctorWay, Event } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import { isAllowed } from "../../kube/access.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { sharedLimits } from "../../kube/limits.ts";
import { podMemory } from "../../kube/memory.ts";
import { assertNamespace } from "../../kube/resolve.ts";
import { allRights } from "../../rights/rights.ts";
import type { Target, TargetQuery } from "../../target.ts";
import type { Needs } from "../../way.ts";
import type { Standing } from "../../connect/way_rules.ts";
import { predictWay } from "../../connect/way_rules.ts";
import { doesNotRun } from "../../connect/refusal.ts";
import { profileText, targetUser } from "../../connect/security_profile.ts";
import type { ClusterContext } from "../../context.ts";
import { findPod, makeEphemeralWay, makeNodeWay, namespaceOf } from "../../connect/enter.ts";

/** Result for a Way: the rights that it would get, or the error that prevents it. */
type Finding = { rights: string; runs: boolean } | { error: ScopeError };

/** Reports for each command which Way it could use. Everything is tried on the server without being kept. */
export async function* diagnose(
  context: ClusterContext,
  query: TargetQuery,
  commands: readonly CommandNeeds[],
): AsyncIterable<Event> {
  const namespace = namespaceOf(context), debugNamespace = context.options.debugNamespace ?? namespace;
  if (query.pod === undefined && query.selector === undefined) {
    await Promise.all([namespace, debugNamespace].map((name) => assertNamespace(context.cluster, name)));
    yield* await Promise.all(
      rights(namespace, debugNamespace).map(async ([access, what]): Promise<Event> => {
        const allowed = await isAllowed(context.cluster, access);
        return { type: "doctor.right", time: now(), right: accessText(access), allowed, for: what };
      }),
    );
    return context.notice("give -p POD as well to see which command can go which way");
  }
  const { pod, target } = await findPod(context, query);
  const [memory, node, running] = await Promise.all([
    podMemory(context.cluster, pod),
    nodeFinding(context, target),
    runsDebugPod(context, target),
  ]);
  const { uid } = targetUser(pod, target.container.name);
  yield {
    type: "doctor.target",
    time: now(),
    pod: target.pod,
    namespace: target.namespace,
    node: target.node,
    container: target.container.name,
    ...defined({ uid, memoryLimitBytes: memory.limitBytes, memoryUsedBytes: memory.usedBytes }),
  };
  const found = await Promise.all(commands.map(async ({ command, needs }) => {
    const ephemeral = await ephemeralFinding(context, pod, target, needs);
    const byNode = needsProcess(needs) && target.container.id === "" ? { error: hasNoProcess(pod, target) } : node;
    const chosen = predictWay({
      ...{ needs, memory, limits: sharedLimits(pod), ephemeral: standing(ephemeral) },
      node: running && !("error" in byNode) ? "runs" : standing(byNode),
    });
    return [way("ephemeral", command, ephemeral, chosen), way("node", command, byNode, chosen)];
  }));
  yield* found.flat();
}

/** Returns true if a command works on the container itself, rather than on the pod or its network. */
function needsProcess({ files = false, inside = false }: Needs): boolean {
  return inside !== false || (files !== false && files !== "wanted");
}

function hasNoProcess(pod: V1Pod, { container, namespace, pod: name }: Target): ScopeError {
  return doesNotRun(
    pod,
    container.name,
    `kubectl describe pod -n ${namespace} ${name} says why; --container NAME chooses another`,
  );
}

/** Returns all rights that scope may need in these namespaces, each with its purpose. */
function rights(namespace: string, debug: string): [Access, string][] {
  const found = new Map<string, [Access, string[]]>();
  for (const { verb, group, resource, where, title } of allRights().filter(({ optional }) => !optional)) {
    const access = { verb, group, resource, namespace: where === "debug" ? debug : namespace };
    const reasons = found.get(accessText(access))?.[1] ?? [];
    if (!reasons.includes(title)) reasons.push(title);
    found.set(accessText(access), [access, reasons]);
  }
  return [...found.values()].map(([access, reasons]) => [access, reasons.join(", ")]);
}

async function ephemeralFinding(context: ClusterContext, pod: V1Pod, target: Target, needs: Needs): Promise<Finding> {
  return await finding(async () => {
    const { profile, running } = await makeEphemeralWay(context).plan(pod, target, needs);
    const runs = running !== undefined;
    return { rights: `${profileText(profile)}${runs ? `, in "${running}" that runs` : ""}`, runs };
  });
}

async function nodeFinding(context: ClusterContext, { node }: Target): Promise<Finding> {
  const namespace = context.options.debugNamespace ?? namespaceOf(context);
  return await finding(async () => {
    await makeNodeWay(context, namespace).admit(node);
    return { rights: "root on the node", runs: false };
  });
}

async function runsDebugPod(context: ClusterContext, target: Target): Promise<boolean> {
  const found = makeNodeWay(context, namespaceOf(context)).connectRunning(target, context.signal);
  const endpoint = await found.catch(() => undefined);
  await endpoint?.[Symbol.asyncDispose]();
  return endpoint !== undefined;
}

async function finding(look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ScopeError) return { error };
    throw error;
  }
}

function standing(found: Finding): Standing {
  if ("error" in found) return "impossible";
  return found.runs ? "runs" : "possible";
}

function way(name: string, command: string, found: Finding, chosen: string | undefined): DoctorWay {
  const common = { type: "doctor.way", time: now(), way: name, command, chosen: chosen === name } as const;
  if ("rights" in found) return { ...common, possible: true, rights: found.rights };
  const { message, hint, missing } = found.error;
  return {
    ...common,
    possible: false,
    missing: message,
    ...defined({ remedy: hint, missingRights: missing }),
  };
}
