import assert from "node:assert/strict";
import { bridgeCommands, nodeCommands, plugCommands } from "../../cluster/network.ts";
import { planCluster } from "../../cluster/plan.ts";

const plan = planCluster(7);
const [first] = plan.nodes;

Deno.test("bridgeCommands() makes a dual-stack bridge", () => {
  assert.deepEqual(bridgeCommands(plan), [
    "link add scope7 type bridge",
    "address add 10.200.7.1/24 dev scope7",
    "address add fd5c:1:7::1/64 dev scope7 nodad",
    "link set scope7 up",
  ]);
});

Deno.test("plugCommands() hangs a node on the bridge and routes to its pods", () => {
  assert.deepEqual(plugCommands(plan, first!, 1234), [
    "link add scope7n1 type veth peer name eth0 netns 1234",
    "link set scope7n1 master scope7 up",
    "route replace 10.210.28.0/24 via 10.200.7.11 dev scope7",
    "route replace fd5c:2:7:0::/64 via fd5c:1:7::11 dev scope7",
  ]);
});

Deno.test("nodeCommands() routes to the pods of the other nodes only", () => {
  assert.deepEqual(nodeCommands(plan, first!), [
    "link set lo up",
    "address add 10.200.7.11/24 dev eth0",
    "address add fd5c:1:7::11/64 dev eth0 nodad",
    "link set eth0 up",
    "route add default via 10.200.7.1",
    "route add default via fd5c:1:7::1",
    "route add 10.210.29.0/24 via 10.200.7.12",
    "route add fd5c:2:7:1::/64 via fd5c:1:7::12",
  ]);
});
