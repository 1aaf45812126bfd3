import { createHash } from "node:crypto";
import type { Kubectl } from "./kubectl.ts";
import type { Progress } from "./progress.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

const MANIFESTS = `${import.meta.dirname}/demo`;

/** The fields of a Kubernetes object that show its progress. */
export interface Workload {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly phase?: string;
    readonly observedGeneration?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly numberReady?: number;
    readonly desiredNumberScheduled?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  };
}

/** Annotation of a pod that is not expected to be Running; its value is the expected phase. */
export const EXPECTED_PHASE = "scope.test/expected-phase";

/** Returns a short reason why the object is not ready; undefined when it is as expected. */
export function unsettled(object: Workload): string | undefined {
  const { kind, metadata, spec, status } = object;
  const name = `${kind.toLowerCase()} "${metadata.name}"`;
  if (kind === "Pod") {
    const expected = metadata.annotations?.[EXPECTED_PHASE] ?? "Running";
    const ready = status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    if (status?.phase === expected && (ready || expected !== "Running")) return undefined;
    const reason = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason).find(Boolean);
    return `${name} is ${reason ?? (status?.phase === "Running" ? "not ready" : status?.phase ?? "unknown")}`;
  }
  if (status?.observedGeneration !== metadata.generation) return `${name} is not seen yet`;
  const [ready = 0, wanted = 0] = kind === "DaemonSet"
    ? [status?.numberReady, status?.desiredNumberScheduled]
    : [Math.min(status?.readyReplicas ?? 0, status?.updatedReplicas ?? 0), spec?.replicas ?? 1];
  return ready >= wanted && wanted > 0 ? undefined : `${name} has ${ready} of ${wanted} pods ready`;
}

/** Returns a hash of all manifests. */
export function manifestsHash(): string {
  const hash = createHash("sha256");
  for (const file of manifests()) hash.update(Deno.readTextFileSync(file));
  return hash.digest("hex");
}

/** Applies the manifests and waits until every workload is as expected. */
export async function applyWorkloads(
  state: State,
  kubectl: Kubectl,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const hash = manifestsHash();
  progress.step("applying the demo workloads");
  await kubectl(["apply", "--server-side", "--force-conflicts", ...manifests().map((file) => `--filename=${file}`)]);
  progress.step("waiting for the demo workloads");
  let missing: string[] = [];
  await until("the demo workloads", 180, async () => {
    const kinds = "deployments,statefulsets,daemonsets,pods";
    const list = JSON.parse(await kubectl(["get", kinds, "--all-namespaces", "--output=json"])) as {
      items: Workload[];
    };
    const ours = list.items.filter((item) => NAMESPACES.includes(item.metadata.namespace ?? ""));
    missing = ours.map(unsettled).filter((text) => text !== undefined);
    if (ours.length === 0) missing = ["none there yet"];
    progress.detail(missing.join(", "));
    return missing.length === 0;
  }, {
    signal,
    every: 250,
    missing: () => missing.join(", "),
    hint: `see "${state.path("logs")}"`,
  });
  state.write("applied", hash);
}

const NAMESPACES = ["demo", "locked"];

/** Returns the manifests in the order of their names: namespaces come first. */
function manifests(): string[] {
  return [...Deno.readDirSync(MANIFESTS)].map(({ name }) => `${MANIFESTS}/${name}`).sort();
}
