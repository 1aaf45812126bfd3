import { isRunning, type Pod, type PodOptions, type TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { PodRules } from "./pod_rules.ts";
import { SteadyClient } from "./steady_client.ts";

/** What the pod's own server says. */
export const POD = "POD";
/** Ports of the pod: HTTP; and one that sends back what it gets. */
export const HTTP_PORT = 8080, ECHO_PORT = 7000;

/** A container whose servers say that the pod has answered. */
export const appContainer = {
  name: "main",
  image: "localhost/busybox:1",
  command: ["sh", "-c"],
  args: [
    `mkdir -p /srv; echo ${POD} >/srv/index.html; nc -ll -p ${ECHO_PORT} -e cat & exec httpd -f -p ${HTTP_PORT} -h /srv`,
  ],
};

/** For TestNamespace.pod: a pod with that container; `more` goes into its spec, `inContainer` into the container. */
export function appPod(more: Readonly<Record<string, unknown>> = {}, inContainer = {}): PodOptions {
  return { spec: { containers: [{ ...appContainer, ...inContainer }], ...more }, until: isRunning };
}

/** For TestNamespace.pod: a pod with the programs of the endoscope image, which only sleeps. */
function toolsPod(): PodOptions {
  const image = Deno.env.get("SCOPE_IMAGE") ?? "";
  return { spec: { containers: [{ name: "main", image, command: ["sleep", "infinity"] }] } };
}

/** A process of this machine that is in a pod's network: that of its sandbox, which stays as long as the pod. */
export function networkPid({ metadata }: Pick<Pod, "metadata">): number {
  return pidOf(metadata, "/pause");
}

function pidOf({ uid, name }: Pod["metadata"], program: string): number {
  const found = podProcesses(uid).find(({ argv }) => argv[0] === program);
  if (found === undefined) throw new Error(`no ${program} of the pod ${name} runs on this machine`);
  return found.pid;
}

/** Another pod, from whose network clients come, and whose nft tells what rules there are. */
export class Bystander {
  private constructor(private readonly pod: Pod) {}

  static async make(namespace: TestNamespace): Promise<Bystander> {
    return new Bystander(await namespace.pod("bystander", toolsPod()));
  }

  get pid(): number {
    return networkPid(this.pod);
  }

  /** What rules the network of a pod has. */
  rulesOf(pod: Pick<Pod, "metadata">): PodRules {
    return new PodRules(networkPid(pod), pidOf(this.pod.metadata, "sleep"));
  }

  /** Asks a pod's HTTP port again and again, from here. */
  client({ status }: Pod, port = HTTP_PORT): SteadyClient {
    return new SteadyClient({ address: status.podIP!, port, pid: this.pid });
  }
}
