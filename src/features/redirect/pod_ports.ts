import type { V1Pod, V1ServicePort } from "../../kube/cluster.ts";
import { ScopeError } from "../../errors.ts";
import type { RedirectedPort, RequestedPort } from "../../manager/client/redirect_plan.ts";
import { assertOnce } from "./redirect_ports.ts";
import { podName } from "../../kube/pods.ts";

export interface PortPlaces {
  /** Ports of the service by which the pod was found: their numbers and names mean the target port in the pod. */
  service?: readonly V1ServicePort[];
  /** The container whose ports take precedence. */
  container?: string;
}

/**
 * Returns the requested ports of a pod. A name is looked up in the service, then in the pod's spec.
 *
 * Throws ScopeError: notFound for an unknown name, usage for a port that is not TCP or is given twice.
 */
export function portsOfPod(
  requested: readonly RequestedPort[],
  pod: V1Pod,
  { service = [], container }: PortPlaces,
): RedirectedPort[] {
  const ports = requested.map(({ port, localPort }) => {
    const entry = service.find(({ port: number, name, protocol = "TCP" }) =>
      protocol === "TCP" && (port === number || port === name)
    );
    const wanted = entry?.targetPort || entry?.port || port;
    const found = typeof wanted === "number" ? wanted : named(pod, wanted, container);
    return { port: found, localPort: localPort ?? found };
  });
  assertOnce(ports);
  return ports;
}

function named(pod: V1Pod, name: string, container: string | undefined): number {
  const all = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  const ports = [...all.filter(({ name }) => name === container), ...all].flatMap(({ ports }) => ports ?? []);
  const found = ports.filter((port) => port.name === name);
  const tcp = found.find(({ protocol = "TCP" }) => protocol === "TCP");
  if (tcp !== undefined) return tcp.containerPort;
  if (found[0] !== undefined) {
    throw new ScopeError("usage", `Cannot redirect port "${name}" of pod "${podName(pod)}": only TCP is redirected`, {
      hint: `it is of ${found[0].protocol}`,
    });
  }
  const names = [...new Set(ports.flatMap(({ name, containerPort }) => name ? `${name} (${containerPort})` : []))];
  throw new ScopeError("notFound", `Cannot find a port named "${name}" in pod "${podName(pod)}"`, {
    hint: names.length === 0 ? "its containers name none; give the number" : `it has ${names.join(", ")}`,
  });
}
