import assert from "node:assert/strict";
import { ask, request } from "./api.ts";
import { outcome } from "./cluster_script.ts";
import { until } from "../cluster/wait.ts";

/** The fields of a pod that these tests read. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  // deno-lint-ignore no-explicit-any -- compared as a whole
  readonly spec: { readonly nodeName?: string } & Readonly<Record<string, any>>;
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly state: Readonly<Record<string, { readonly reason?: string }>>;
      readonly lastState?: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** Runs kubectl, which must succeed; returns its stdout. `input` goes to its stdin. */
export async function kubectl(args: readonly string[], input?: unknown): Promise<string> {
  if (input === undefined) {
    const { code, stdout, stderr } = await outcome("kubectl", args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify(input));
    return await kubectl([...args, "-f", file]);
  } finally {
    await Deno.remove(file);
  }
}

/** Returns the pods of a namespace, or those with these labels, in the order of their names. */
export async function getPods(namespace: string, labels?: string): Promise<Pod[]> {
  const query = labels === undefined ? "" : `?labelSelector=${encodeURIComponent(labels)}`;
  return (await request<{ items: Pod[] }>("GET", `${pathOf(namespace)}/pods${query}`)).items;
}

export async function getPod(namespace: string, name: string): Promise<Pod> {
  return await request("GET", `${pathOf(namespace)}/pods/${name}`);
}

function pathOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}`;
}

/** Returns the debug pods of a namespace. */
export async function debugPods(namespace: string): Promise<Pod[]> {
  return await getPods(namespace, "app.kubernetes.io/managed-by=scope");
}

/** Returns the pods of a demo workload, by name. */
export async function demoPods(app: string, namespace = "demo"): Promise<Pod[]> {
  const pods = await getPods(namespace, `app=${app}`);
  assert.ok(pods.length > 0, `there is no pod of ${app}`);
  return pods.toSorted((a, b) => a.metadata.name < b.metadata.name ? -1 : 1);
}

/** A namespace for one test; disposing deletes it. */
export class TestNamespace implements AsyncDisposable {
  private constructor(readonly name: string) {}

  static async make(): Promise<TestNamespace> {
    const name = `e2e-${crypto.randomUUID().slice(0, 8)}`;
    await request("POST", "/api/v1/namespaces", { metadata: { name } });
    const made = new TestNamespace(name);
    // Without the service account, a pod created at the same moment is refused.
    await until(`the service account of ${name}`, 10, async () => {
      return (await ask("GET", `${pathOf(name)}/serviceaccounts/default`)).status === 200;
    });
    return made;
  }

  /** Creates a pod with one busybox container, and waits until it runs or meets `until`. */
  async pod(name: string, more: PodOptions = {}): Promise<Pod> {
    const { command = ["sleep", "infinity"], spec = {}, until: condition = isRunning } = more;
    await request("POST", `${pathOf(this.name)}/pods`, {
      metadata: { name, labels: { e2e: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "main", image: "localhost/busybox:1", command }],
        ...spec,
      },
    });
    return await this.untilPod(name, condition);
  }

  /** Waits until a pod meets a condition. */
  async untilPod(name: string, condition: (pod: Pod) => boolean): Promise<Pod> {
    let pod: Pod | undefined;
    await until(`pod ${this.name}/${name}`, 30, async () => condition(pod = await getPod(this.name, name)), {
      missing: () => JSON.stringify(pod?.status),
    });
    return pod!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await request("DELETE", pathOf(this.name));
  }
}

export interface PodOptions {
  readonly command?: readonly string[];
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Condition to wait for. */
  readonly until?: (pod: Pod) => boolean;
}

export function isRunning({ status }: Pod): boolean {
  return status.phase === "Running" && status.podIP !== undefined &&
    (status.containerStatuses ?? []).every(({ state }) => state["running"] !== undefined);
}
