import { isRunning, type Pod, type PodOptions, type TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { PodRules } from "./pod_rules.ts";
import { SteadyClient } from "./steady_client.ts";

/** Answer of the pod's own server. */
export const POD = "POD";
/** Ports of the pod: HTTP, and echo. */
export const HTTP_PORT = 8080, ECHO_PORT = 7000;

/** A container whose servers answer for the pod. */
export const appContainer = {
  name: "main",
  image: "localhost/busybox:1",
  command: ["sh", "-c"],
  args: [
    `mkdir -p /srv; echo ${POD} >/srv/index.html; nc -ll -p ${ECHO_PORT} -e cat & exec httpd -f -p ${HTTP_PORT} -h /srv`,
  ],
};

/** Returns options for a pod with that container; `more` is added to its spec, `inContainer` to the container. */
export function appPod(more: Readonly<Record<string, unknown>> = {}, inContainer = {}): PodOptions {
  return { spec: { containers: [{ ...appContainer, ...inContainer }], ...more }, until: isRunning };
}

/** Returns options for a sleeping pod with the programs of the endoscope image. */
function toolsPod(): PodOptions {
  const image = Deno.env.get("SCOPE_IMAGE") ?? "";
  return { spec: { containers: [{ name: "main", image, command: ["sleep", "infinity"] }] } };
}

/** Returns the pid of a pod's sandbox, which is in the pod's network and lives as long as the pod. */
export function networkPid({ metadata }: Pick<Pod, "metadata">): number {
  return pidOf(metadata, "/pause");
}

function pidOf({ uid, name }: Pod["metadata"], program: string): number {
  const found = podProcesses(uid).find(({ argv }) => argv[0] === program);
  if (found === undefined) throw new Error(`no ${program} of the pod ${name} runs on this machine`);
  return found.pid;
}

/** Another pod, whose network is the source of clients, and whose nft reads the rules. */
export class Bystander {
  private constructor(private readonly pod: Pod) {}

  static async make(namespace: TestNamespace): Promise<Bystander> {
    return new Bystander(await namespace.pod("bystander", toolsPod()));
  }

  get pid(): number {
    return networkPid(this.pod);
  }

  /** Returns the rules in the network of a pod. */
  rulesOf(pod: Pick<Pod, "metadata">): PodRules {
    return new PodRules(networkPid(pod), pidOf(this.pod.metadata, "sleep"));
  }

  /** Starts a client in this pod that requests another pod's HTTP port continuously. */
  client({ status }: Pod, port = HTTP_PORT): SteadyClient {
    return new SteadyClient({ address: status.podIP!, port, pid: this.pid });
  }
}
