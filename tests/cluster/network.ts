import type { NodePlan, Plan } from "./plan.ts";

/** Returns `ip -batch` lines that create the cluster's bridge on the host. */
export function bridgeCommands(plan: Plan): string[] {
  return [
    `link add ${plan.bridge} type bridge`,
    `address add ${plan.gateway4}/24 dev ${plan.bridge}`,
    `address add ${plan.gateway6}/64 dev ${plan.bridge} nodad`,
    `link set ${plan.bridge} up`,
  ];
}

/** Returns `ip -batch` lines for the host that connect the network namespace of process `pid` to the bridge. */
export function plugCommands(plan: Plan, node: NodePlan, pid: number): string[] {
  return [
    `link add ${node.link} type veth peer name eth0 netns ${pid}`,
    `link set ${node.link} master ${plan.bridge} up`,
    // Pods are not masqueraded, so the API server on the host answers to the pods' own addresses.
    `route replace ${node.pods4} via ${node.address4} dev ${plan.bridge}`,
    `route replace ${node.pods6} via ${node.address6} dev ${plan.bridge}`,
  ];
}

/**
 * Returns `ip -batch` lines for a node: its addresses, the default routes, and the routes to the pods of every other node.
 */
export function nodeCommands(plan: Plan, node: NodePlan): string[] {
  const others = plan.nodes.filter((other) => other.name !== node.name);
  return [
    "link set lo up",
    `address add ${node.address4}/24 dev eth0`,
    `address add ${node.address6}/64 dev eth0 nodad`,
    "link set eth0 up",
    `route add default via ${plan.gateway4}`,
    `route add default via ${plan.gateway6}`,
    ...others.flatMap((other) => [
      `route add ${other.pods4} via ${other.address4}`,
      `route add ${other.pods6} via ${other.address6}`,
    ]),
  ];
}
