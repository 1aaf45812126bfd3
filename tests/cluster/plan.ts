/** Names and addresses of one node. */
export interface NodePlan {
  readonly name: string;
  /** The host's end of the node's veth pair; its other end is `eth0` in the node. */
  readonly link: string;
  readonly cgroup: string;
  readonly address4: string;
  readonly address6: string;
  readonly pods4: string;
  readonly pods6: string;
}

/** Names and addresses of one cluster. No two slots share any, so clusters can run side by side. */
export interface Plan {
  readonly slot: number;
  readonly bridge: string;
  readonly gateway4: string;
  readonly gateway6: string;
  /** URL of the API server for the host and the nodes. */
  readonly server: string;
  /** Loopback address of this cluster: all of 127/8 belongs to the host, so ports need not be distributed among clusters. */
  readonly loopback: string;
  readonly pods: readonly string[];
  readonly services: readonly string[];
  /** The first address of the IPv4 service range: the Service `kubernetes`. */
  readonly apiService: string;
  readonly nodes: readonly NodePlan[];
}

/** Number of clusters that one machine can run: a slot has four /24 of 10.210.0.0/16 for its pods. */
export const SLOTS = 64;

/** Returns the names and addresses of the cluster in this slot, with one to four nodes. Throws RangeError. */
export function planCluster(slot: number, nodes = 2): Plan {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) throw new RangeError(`No such slot: ${slot}`);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 4) throw new RangeError(`Not one to four nodes: ${nodes}`);
  const hex = slot.toString(16);
  const gateway4 = `10.200.${slot}.1`;
  return {
    slot,
    bridge: `scope${slot}`,
    gateway4,
    gateway6: `fd5c:1:${hex}::1`,
    server: `https://${gateway4}:6443`,
    loopback: `127.200.${slot}.1`,
    pods: [`10.210.${slot * 4}.0/22`, `fd5c:2:${hex}::/56`],
    services: ["10.96.0.0/16", "fd5c:3::/112"],
    apiService: "10.96.0.1",
    nodes: Array.from({ length: nodes }, (_, index) => ({
      name: `node${index + 1}`,
      link: `scope${slot}n${index + 1}`,
      cgroup: `scope${slot}-node${index + 1}`,
      address4: `10.200.${slot}.${11 + index}`,
      address6: `fd5c:1:${hex}::${11 + index}`,
      pods4: `10.210.${slot * 4 + index}.0/24`,
      pods6: `fd5c:2:${hex}:${index}::/64`,
    })),
  };
}
