import assert from "node:assert/strict";
import { planCluster, SLOTS } from "../../cluster/plan.ts";

Deno.test("planCluster() gives a slot its own names and addresses", () => {
  const { nodes, ...rest } = planCluster(43);
  assert.deepEqual(rest, {
    slot: 43,
    bridge: "scope43",
    gateway4: "10.200.43.1",
    gateway6: "fd5c:1:2b::1",
    server: "https://10.200.43.1:6443",
    loopback: "127.200.43.1",
    pods: ["10.210.172.0/22", "fd5c:2:2b::/56"],
    services: ["10.96.0.0/16", "fd5c:3::/112"],
    apiService: "10.96.0.1",
  });
  assert.deepEqual(nodes[1], {
    name: "node2",
    link: "scope43n2",
    cgroup: "scope43-node2",
    address4: "10.200.43.12",
    address6: "fd5c:1:2b::12",
    pods4: "10.210.173.0/24",
    pods6: "fd5c:2:2b:1::/64",
  });
});

Deno.test("planCluster() never gives two slots the same name or address", () => {
  const seen = new Set<string>();
  let count = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    const { nodes, bridge, gateway4, gateway6, loopback, pods } = planCluster(slot, 4);
    const own = nodes.flatMap(({ name: _, ...node }) => Object.values(node));
    for (const value of [bridge, gateway4, gateway6, loopback, ...pods, ...own]) {
      seen.add(value);
      count++;
    }
  }
  assert.equal(seen.size, count);
});

Deno.test("planCluster() keeps interface names within the kernel's 15 characters", () => {
  const { bridge, nodes } = planCluster(SLOTS - 1, 4);
  for (const name of [bridge, ...nodes.map(({ link }) => link)]) assert.ok(name.length <= 15, name);
});

Deno.test("planCluster() refuses a slot or a number of nodes that has no addresses", () => {
  for (const slot of [-1, SLOTS, 0.5, NaN]) assert.throws(() => planCluster(slot), RangeError);
  for (const nodes of [0, 5]) assert.throws(() => planCluster(0, nodes), RangeError);
});
