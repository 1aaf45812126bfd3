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
  /** Whose processes it sees. */
  target: string;
  image: string;
  pullPolicy: PullPolicy;
  profile: SecurityProfile;
  /** With the target's volumes. */
  volumes: boolean;
  /** Keeps it from writing to disk: its root is read-only. Default: false. */
  readOnly?: boolean;
  /** What a tool may allocate, in bytes; missing: as much as there is. */
  toolBytes?: number;
  createdBy?: CreatedBy;
}

/** Limits what each tool may allocate, in KiB: see src/images/endoscope/run. */
const memoryVariable = "SCOPE_TOOL_KIB";

/** Tells a manager's version, as a container has no labels; and who added it, as it has no annotations. */
const versionVariable = "SCOPE_VERSION", makerVariable = "SCOPE_CREATED_BY";

/**
 * The container that is added to a pod. It shares the pod's network, and with `targetContainerName` the target's pid
 * namespace, so its manager has nothing to enter.
 *
 * See https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers
 */
export function ephemeralContainer(pod: V1Pod, options: EphemeralOptions): V1EphemeralContainer {
  const { name, target, image, pullPolicy, profile, volumes, readOnly = false, toolBytes, createdBy } = options;
  const own = containerOf(pod, target);
  // A subPath is not possible in an ephemeral container.
  const mounts = (own?.volumeMounts ?? []).filter(({ subPath, subPathExpr }) => !subPath && !subPathExpr);
  // A directory of its own where others of the pod may write: the socket's usual one would be theirs, too.
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
      ...createdBy === undefined ? [] : [{ name: makerVariable, value: `${createdBy.by} (${createdBy.command})` }],
      ...toolBytes === undefined ? [] : [{ name: memoryVariable, value: String(Math.floor(toolBytes / 1024)) }],
      ...scratch,
    ],
    securityContext: {
      ...securityContext(pod, options.target, profile),
      ...readOnly ? { readOnlyRootFilesystem: true } : {},
    },
    // The last words of one that fails stand in the pod's status.
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...(volumes && mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
}

function securityContext(
  pod: V1Pod,
  target: string,
  profile: SecurityProfile,
): V1EphemeralContainer["securityContext"] & object {
  const { uid, gid, capabilities, asTarget } = profile;
  const own = containerOf(pod, target)?.securityContext;
  const seccompProfile = own?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile;
  const granted = capabilities.length === 0 ? {} : { add: [...capabilities] };
  return {
    ...(uid === undefined ? {} : { runAsUser: uid }),
    ...(gid === undefined ? {} : { runAsGroup: gid }),
    // Said in any case: the pod may say otherwise.
    runAsNonRoot: uid !== undefined && uid !== 0,
    capabilities: { drop: ["ALL"], ...granted },
    allowPrivilegeEscalation: asTarget ? own?.allowPrivilegeEscalation ?? true : false,
    ...(asTarget
      ? (seccompProfile === undefined ? {} : { seccompProfile })
      : { seccompProfile: { type: "RuntimeDefault" } }),
    ...(own?.seLinuxOptions === undefined ? {} : { seLinuxOptions: own.seLinuxOptions }),
    ...(asTarget && own?.appArmorProfile !== undefined ? { appArmorProfile: own.appArmorProfile } : {}),
  };
}

/** One of scope's ephemeral containers in a pod. */
export interface EphemeralFound {
  spec: V1EphemeralContainer;
  status: V1ContainerStatus | undefined;
}

/** Those that this version of scope, or another one, added to a pod. */
export function scopeContainers(pod: V1Pod): EphemeralFound[] {
  const statuses = pod.status?.ephemeralContainerStatuses ?? [];
  return (pod.spec?.ephemeralContainers ?? [])
    .filter(({ env }) => env?.some(({ name }) => name === versionVariable))
    .map((spec) => ({ spec, status: statuses.find(({ name }) => name === spec.name) }));
}

/** Version of the manager in one of scope's containers. */
export function versionOf({ env }: V1EphemeralContainer): string {
  return env?.find(({ name }) => name === versionVariable)?.value ?? "";
}

type Wanted = Omit<EphemeralOptions, "name" | "pullPolicy" | "image"> & {
  /** The image asked for, and what admission is known to make of it. */
  images: readonly string[];
};

/** The one that runs and has all that is needed, if there is one. */
export function findUsable(pod: V1Pod, wanted: Wanted): EphemeralFound | undefined {
  const { profile, volumes } = wanted;
  const template = ephemeralContainer(pod, { ...wanted, name: "", image: "", pullPolicy: "IfNotPresent" });
  return alike(pod, wanted).find(({ spec }) =>
    (!volumes || spec.volumeMounts !== undefined || template.volumeMounts === undefined) &&
    serves(spec, template, profile)
  );
}

/**
 * What one that is to be added must have to replace those that run as the same user: each command that needs something
 * else would leave another manager in the pod's memory, and another name in its spec.
 */
export function gathered(
  pod: V1Pod,
  wanted: Wanted,
): { profile: SecurityProfile; volumes: boolean; replaces: string[] } {
  const { profile, volumes } = wanted;
  const own = securityContext(pod, wanted.target, profile);
  const found = profile.asTarget || profile.bare
    ? []
    : alike(pod, wanted).filter(({ spec: { securityContext: has = {} } }) =>
      // Those that are as confined as the target are for what runs inside it, and stay what they are.
      has.runAsUser === own.runAsUser && has.allowPrivilegeEscalation === own.allowPrivilegeEscalation &&
      JSON.stringify(has.seccompProfile) === JSON.stringify(own.seccompProfile)
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

/** Those that run with one of these images and this version for this target. */
function alike(pod: V1Pod, { target, images }: Wanted): EphemeralFound[] {
  return scopeContainers(pod).filter(({ spec, status }) =>
    status?.state?.running !== undefined && images.includes(spec.image ?? "") && spec.targetContainerName === target &&
    versionOf(spec) === version
  );
}

/** Whether the rights of a container are enough: the same user, and no capability less; inside, the very same rights. */
function serves(
  spec: V1EphemeralContainer,
  template: V1EphemeralContainer,
  { asTarget, bare }: SecurityProfile,
): boolean {
  const has = spec.securityContext ?? {}, wants = template.securityContext ?? {};
  const granted = has.capabilities?.add ?? [];
  const same = (key: "allowPrivilegeEscalation" | "seccompProfile") =>
    JSON.stringify(has[key]) === JSON.stringify(wants[key]);
  return has.runAsUser === wants.runAsUser && has.runAsGroup === wants.runAsGroup &&
    (wants.capabilities?.add ?? []).every((name) => granted.includes(name)) && (!bare || granted.length === 0) &&
    (!asTarget || (same("allowPrivilegeEscalation") && same("seccompProfile")));
}
