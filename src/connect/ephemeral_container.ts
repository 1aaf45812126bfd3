import { defined } from "../lib/defined.ts";
import type { V1ContainerStatus, V1EphemeralContainer, V1Pod } from "../kube/cluster.ts";
import { containerOf } from "../kube/pod_copy.ts";
import type { CreatedBy } from "../kube/created_by.ts";
import type { PullPolicy } from "../options.ts";
import { version } from "../version.ts";
import { capabilityNames } from "../way.ts";
import { scratchVariable } from "../manager/protocol/transport.ts";
import { scratchOf } from "./scratch.ts";
import type { SecurityProfile } from "./security_profile.ts";

export interface EphemeralOptions {
  name: string;
  /** Container whose processes it sees. */
  target: string;
  image: string;
  pullPolicy: PullPolicy;
  profile: SecurityProfile;
  /** Mounts the target's volumes. */
  volumes: boolean;
  /** Makes its root filesystem read-only, so that it writes nothing to disk. Default: false. */
  readOnly?: boolean;
  /** Limit of a tool's memory, in bytes; missing: no limit. */
  toolBytes?: number;
  createdBy?: CreatedBy;
}

/** Variable with the limit of each tool's memory, in KiB: see src/images/endoscope/run. */
const memoryVariable = "SCOPE_TOOL_KIB";

/** Variables with the manager's version and with its creator, as a container has no labels and no annotations. */
const versionVariable = "SCOPE_VERSION", createdByVariable = "SCOPE_CREATED_BY";

/**
 * Returns the ephemeral container to add to a pod. It shares the pod's network namespace, and by `targetContainerName` the
 * target's pid namespace, so its manager has no namespaces to enter.
 *
 * See https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers
 */
export function ephemeralContainer(pod: V1Pod, options: EphemeralOptions): V1EphemeralContainer {
  const { name, target, image, pullPolicy, profile, volumes, readOnly = false, toolBytes, createdBy } = options;
  const targetSpec = containerOf(pod, target);
  // Kubernetes allows no subPath in an ephemeral container.
  const mounts = (targetSpec?.volumeMounts ?? []).filter(({ subPath, subPathExpr }) => !subPath && !subPathExpr);
  // On a /tmp that other containers share, the socket needs its own directory: the default one would be shared, too.
  const onTmp = volumes && mounts.some(({ mountPath }) => /^\/tmp(\/|$)/.test(mountPath));
  const scratch = readOnly
    ? scratchOf(name, profile.uid)
    : onTmp
    ? [{ name: scratchVariable, value: `/tmp/${name}` }]
    : [];
  return {
    name,
    image,
    imagePullPolicy: pullPolicy,
    targetContainerName: target,
    args: ["--shared-namespaces"],
    env: [
      { name: versionVariable, value: version },
      ...createdBy === undefined ? [] : [{ name: createdByVariable, value: `${createdBy.by} (${createdBy.command})` }],
      ...toolBytes === undefined ? [] : [{ name: memoryVariable, value: String(Math.floor(toolBytes / 1024)) }],
      ...scratch,
    ],
    securityContext: {
      ...securityContext(pod, options.target, profile),
      ...readOnly ? { readOnlyRootFilesystem: true } : {},
    },
    // Puts the end of a failed container's log into the pod's status.
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...(volumes && mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
}

function securityContext(
  pod: V1Pod,
  target: string,
  profile: SecurityProfile,
): V1EphemeralContainer["securityContext"] & object {
  const { uid, gid, capabilities, confinedAsTarget } = profile;
  const targetContext = containerOf(pod, target)?.securityContext;
  const seccompProfile = targetContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile;
  const granted = capabilities.length === 0 ? {} : { add: [...capabilities] };
  return {
    ...defined({ runAsUser: uid, runAsGroup: gid }),
    // Set in any case, as it overrides the pod's own value.
    runAsNonRoot: uid !== undefined && uid !== 0,
    capabilities: { drop: ["ALL"], ...granted },
    allowPrivilegeEscalation: confinedAsTarget ? targetContext?.allowPrivilegeEscalation ?? true : false,
    ...(confinedAsTarget
      ? (seccompProfile === undefined ? {} : { seccompProfile })
      : { seccompProfile: { type: "RuntimeDefault" } }),
    ...defined({ seLinuxOptions: targetContext?.seLinuxOptions }),
    ...(confinedAsTarget && targetContext?.appArmorProfile !== undefined
      ? { appArmorProfile: targetContext.appArmorProfile }
      : {}),
  };
}

/** An ephemeral container of scope in a pod. */
export interface EphemeralFound {
  spec: V1EphemeralContainer;
  status: V1ContainerStatus | undefined;
}

/** Returns the ephemeral containers that any version of scope added to a pod. */
export function scopeContainers(pod: V1Pod): EphemeralFound[] {
  const statuses = pod.status?.ephemeralContainerStatuses ?? [];
  return (pod.spec?.ephemeralContainers ?? [])
    .filter(({ env }) => env?.some(({ name }) => name === versionVariable))
    .map((spec) => ({ spec, status: statuses.find(({ name }) => name === spec.name) }));
}

/** Returns the version of the manager in a container of scope. */
export function versionOf({ env }: V1EphemeralContainer): string {
  return env?.find(({ name }) => name === versionVariable)?.value ?? "";
}

type Wanted = Omit<EphemeralOptions, "name" | "pullPolicy" | "image"> & {
  /** The requested image, and the names that admission is known to rewrite it to. */
  images: readonly string[];
};

/** Finds a running container that has everything needed. */
export function findUsable(pod: V1Pod, wanted: Wanted): EphemeralFound | undefined {
  const { profile, volumes } = wanted;
  const template = ephemeralContainer(pod, { ...wanted, name: "", image: "", pullPolicy: "IfNotPresent" });
  return alike(pod, wanted).find(({ spec }) =>
    (!volumes || spec.volumeMounts !== undefined || template.volumeMounts === undefined) &&
    serves(spec, template, profile)
  );
}

/**
 * Returns what a new container needs to replace the running ones of the same user. Otherwise each command with other needs
 * would leave one more manager in the pod's memory, besides one more name in its spec.
 */
export function merged(
  pod: V1Pod,
  wanted: Wanted,
): { profile: SecurityProfile; volumes: boolean; replaces: string[] } {
  const { profile, volumes } = wanted;
  const wants = securityContext(pod, wanted.target, profile);
  const found = profile.confinedAsTarget || profile.noMoreCapabilities
    ? []
    : alike(pod, wanted).filter(({ spec: { securityContext: has = {} } }) =>
      // Containers as confined as the target serve programs that run inside it, and are not replaced.
      has.runAsUser === wants.runAsUser && has.allowPrivilegeEscalation === wants.allowPrivilegeEscalation &&
      JSON.stringify(has.seccompProfile) === JSON.stringify(wants.seccompProfile)
    );
  const all = new Set<string>([
    ...profile.capabilities,
    ...found.flatMap(({ spec }) => spec.securityContext?.capabilities?.add ?? []),
  ]);
  return {
    profile: { ...profile, capabilities: capabilityNames.filter((name) => all.has(name)) },
    volumes: volumes || found.some(({ spec }) => spec.volumeMounts !== undefined),
    replaces: found.map(({ spec }) => spec.name),
  };
}

/** Returns the running containers with one of these images and this version for this target. */
function alike(pod: V1Pod, { target, images }: Wanted): EphemeralFound[] {
  return scopeContainers(pod).filter(({ spec, status }) =>
    status?.state?.running !== undefined && images.includes(spec.image ?? "") && spec.targetContainerName === target &&
    versionOf(spec) === version
  );
}

/** Returns true for the same user and at least the wanted capabilities; with `confinedAsTarget` also for the same confinement. */
function serves(
  spec: V1EphemeralContainer,
  template: V1EphemeralContainer,
  { confinedAsTarget, noMoreCapabilities }: SecurityProfile,
): boolean {
  const has = spec.securityContext ?? {}, wants = template.securityContext ?? {};
  const granted = has.capabilities?.add ?? [];
  const same = (key: "allowPrivilegeEscalation" | "seccompProfile") =>
    JSON.stringify(has[key]) === JSON.stringify(wants[key]);
  return has.runAsUser === wants.runAsUser && has.runAsGroup === wants.runAsGroup &&
    (wants.capabilities?.add ?? []).every((name) => granted.includes(name)) &&
    (!noMoreCapabilities || granted.length === 0) &&
    (!confinedAsTarget || (same("allowPrivilegeEscalation") && same("seccompProfile")));
}
