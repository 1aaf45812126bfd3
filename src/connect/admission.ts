import type { V1Container, V1Pod } from "../kube/cluster.ts";
import { debugContainer } from "./debug_pod.ts";

type SecurityContext = NonNullable<V1Container["securityContext"]>;

/**
 * Names the change that admission made to a security context and that takes a needed right away; undefined where there is none.
 * A read-only root is no such change. `exactly`: it must be as confined as was asked for, and no more.
 */
export function changedRights(
  asked: SecurityContext,
  admitted: SecurityContext = {},
  exactly = false,
): string | undefined {
  const changed: string[] = [];
  const compare = (key: keyof SecurityContext) => {
    const [want, is] = [asked[key], admitted[key]].map((value) => JSON.stringify(value) ?? "missing");
    if (want !== "missing" && want !== is) changed.push(`${key} is ${is}, not ${want}`);
  };
  for (const key of ["privileged", "runAsUser", "runAsGroup"] as const) compare(key);
  if (exactly) { for (const key of ["allowPrivilegeEscalation", "seccompProfile"] as const) compare(key); }
  // Of a user that is not root it changes nothing, and the kubelet starts nobody else with it.
  if (admitted.runAsNonRoot === true && (admitted.runAsUser ?? 0) === 0) compare("runAsNonRoot");
  const { add = [], drop = [] } = admitted.capabilities ?? {};
  const lost = (asked.capabilities?.add ?? []).filter((name) =>
    !(add.includes(name) || add.includes("ALL")) || drop.includes(name)
  );
  if (lost.length > 0 && !admitted.privileged) changed.push(`the capabilities lack ${lost.join(", ")}`);
  return changed.length === 0 ? undefined : changed.join("; ");
}

/** The same for a debug pod. */
export function changedPod(asked: V1Pod, admitted: V1Pod): string | undefined {
  const shared = (["hostPID", "hostNetwork"] as const).filter((key) => asked.spec?.[key] && !admitted.spec?.[key]);
  const rights = changedRights(rightsOf(asked), rightsOf(admitted));
  return [...shared.map((key) => `${key} is not true`), ...rights === undefined ? [] : [rights]].join("; ") ||
    undefined;
}

/** Whether admission lets the debug pod write to its own root. */
export function isReadOnly(pod: V1Pod | undefined): boolean {
  return pod !== undefined && rightsOf(pod).readOnlyRootFilesystem === true;
}

function rightsOf({ spec }: V1Pod): SecurityContext {
  return spec?.containers.find(({ name }) => name === debugContainer)?.securityContext ?? {};
}
