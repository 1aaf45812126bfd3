/**
 * What the config.json of a container's bundle says of its pod. containerd and CRI-O write it there as annotations, see
 * their packages `internal/cri/annotations` and `pkg/annotations`; the file itself is the OCI runtime specification's.
 */
export interface BundleConfig {
  namespace: string;
  pod: string;
  uid: string;
  /** Name of the container; nothing for the pod's sandbox. */
  container?: string;
}

/** The names of the same things in each runtime. */
const runtimes = [{
  type: "io.kubernetes.cri.container-type",
  namespace: "io.kubernetes.cri.sandbox-namespace",
  pod: "io.kubernetes.cri.sandbox-name",
  uid: "io.kubernetes.cri.sandbox-uid",
  container: "io.kubernetes.cri.container-name",
}, {
  type: "io.kubernetes.cri-o.ContainerType",
  namespace: "io.kubernetes.pod.namespace",
  pod: "io.kubernetes.pod.name",
  uid: "io.kubernetes.pod.uid",
  container: "io.kubernetes.container.name",
}] as const;

/** Reads a config.json; nothing when it is that of no pod, or cut off. Pure. */
export function parseBundleConfig(text: string): BundleConfig | undefined {
  const own = (parseObject(text) as { annotations?: Record<string, unknown> }).annotations ?? {};
  // What the kubelet gave as labels, CRI-O has both as annotations of their own and as a text in one.
  const annotations: Record<string, unknown> = { ...parseObject(own["io.kubernetes.cri-o.Labels"]), ...own };
  for (const names of runtimes) {
    const value = (key: keyof typeof names) => annotations[names[key]];
    const [type, namespace, pod, uid] = [value("type"), value("namespace"), value("pod"), value("uid")];
    if (typeof namespace !== "string" || typeof pod !== "string" || typeof uid !== "string") continue;
    const container = value("container");
    return { namespace, pod, uid, ...(type !== "sandbox" && typeof container === "string" ? { container } : {}) };
  }
  return undefined;
}

/** The variables that a container's first program was started with, as NAME=VALUE. Pure. */
export function parseBundleEnvironment(text: string): string[] {
  const { env } = (parseObject(text) as { process?: { env?: unknown } }).process ?? {};
  return Array.isArray(env) ? env.filter((entry) => typeof entry === "string") : [];
}

/** An object in JSON; empty when the text is none. */
function parseObject(text: unknown): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(text));
    return value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
