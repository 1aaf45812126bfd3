import type { V1Container, V1Pod } from "../kube/cluster.ts";
import { debugContainer } from "./debug_pod.ts";

type SecurityContext = NonNullable<V1Container["securityContext"]>;

/**
 * Names the changes by admission to a security context that take a needed right away; undefined when there are none.
 * A read-only root filesystem does not count. `exactly`: the result must also be exactly as confined as requested.
 */
export function changedRights(
  requested: SecurityContext,
  admitted: SecurityContext = {},
  exactly = false,
): string | undefined {
  const changed: string[] = [];
  const compare = (key: keyof SecurityContext) => {
    const [want, is] = [requested[key], admitted[key]].map((value) => JSON.stringify(value) ?? "missing");
    if (want !== "missing" && want !== is) changed.push(`${key} is ${is}, not ${want}`);
  };
  for (const key of ["privileged", "runAsUser", "runAsGroup"] as const) compare(key);
  if (exactly) { for (const key of ["allowPrivilegeEscalation", "seccompProfile"] as const) compare(key); }
  // Harmless for a user that is not root; for root, the kubelet refuses to start the container.
  if (admitted.runAsNonRoot === true && (admitted.runAsUser ?? 0) === 0) compare("runAsNonRoot");
  const { add = [], drop = [] } = admitted.capabilities ?? {};
  const lost = (requested.capabilities?.add ?? []).filter((name) =>
    !(add.includes(name) || add.includes("ALL")) || drop.includes(name)
  );
  if (lost.length > 0 && !admitted.privileged) changed.push(`the capabilities lack ${lost.join(", ")}`);
  return changed.length === 0 ? undefined : changed.join("; ");
}

/** Names the changes by admission to a debug pod that take a needed right away; undefined when there are none. */
export function changedPod(requested: V1Pod, admitted: V1Pod): string | undefined {
  const shared = (["hostPID", "hostNetwork"] as const).filter((key) => requested.spec?.[key] && !admitted.spec?.[key]);
  const rights = changedRights(rightsOf(requested), rightsOf(admitted));
  return [...shared.map((key) => `${key} is not true`), ...rights === undefined ? [] : [rights]].join("; ") ||
    undefined;
}

/** Returns true when admission made the root filesystem of the debug pod read-only. */
export function isReadOnly(pod: V1Pod | undefined): boolean {
  return pod !== undefined && rightsOf(pod).readOnlyRootFilesystem === true;
}

function rightsOf({ spec }: V1Pod): SecurityContext {
  return spec?.containers.find(({ name }) => name === debugContainer)?.securityContext ?? {};
}
