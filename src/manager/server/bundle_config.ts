/**
 * The pod that a container's bundle belongs to, read from the annotations that containerd and CRI-O write to config.json:
 * see their packages `internal/cri/annotations` and `pkg/annotations`. The OCI runtime specification defines the file.
 */
export interface BundleConfig {
  namespace: string;
  pod: string;
  uid: string;
  /** Name of the container; undefined for the pod's sandbox. */
  container?: string;
}

/** The annotations of each runtime. */
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

/** Reads a config.json; returns undefined when it belongs to no pod or is truncated. Pure. */
export function parseBundleConfig(text: string): BundleConfig | undefined {
  const separate = (parseObject(text) as { annotations?: Record<string, unknown> }).annotations ?? {};
  // CRI-O stores the kubelet's labels both as separate annotations and together as JSON in one annotation.
  const annotations: Record<string, unknown> = { ...parseObject(separate["io.kubernetes.cri-o.Labels"]), ...separate };
  for (const names of runtimes) {
    const value = (key: keyof typeof names) => annotations[names[key]];
    const [type, namespace, pod, uid] = [value("type"), value("namespace"), value("pod"), value("uid")];
    if (typeof namespace !== "string" || typeof pod !== "string" || typeof uid !== "string") continue;
    const container = value("container");
    return { namespace, pod, uid, ...(type !== "sandbox" && typeof container === "string" ? { container } : {}) };
  }
  return undefined;
}

/** Returns the variables that a container's first program was started with, as NAME=VALUE. Pure. */
export function parseBundleEnvironment(text: string): string[] {
  const { env } = (parseObject(text) as { process?: { env?: unknown } }).process ?? {};
  return Array.isArray(env) ? env.filter((entry) => typeof entry === "string") : [];
}

/** Parses a JSON object; returns {} when the text is not one. */
function parseObject(text: unknown): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(text));
    return value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
