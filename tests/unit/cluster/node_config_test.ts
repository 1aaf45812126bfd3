import assert from "node:assert/strict";
import { containerdConfig, kubeletConfig, networkConfig, nodeObject, resolvConf } from "../../cluster/node_config.ts";
import { planCluster } from "../../cluster/plan.ts";

const node = planCluster(7).nodes[0]!;

Deno.test("kubeletConfig() asks the API server who may do what, and serves nobody unknown", () => {
  const config = kubeletConfig({ authority: "/a", certificate: "/c", key: "/k", resolvConf: "/r" });
  assert.deepEqual(config["authentication"], {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: "/a" },
  });
  assert.deepEqual(config["authorization"], { mode: "Webhook" });
  assert.equal(config["tlsCertFile"], "/c");
  assert.equal(config["tlsPrivateKeyFile"], "/k");
  assert.equal(config["resolvConf"], "/r");
});

Deno.test("kubeletConfig() accepts cgroup v1 and never collects an image that no registry has", () => {
  const config = kubeletConfig({ authority: "", certificate: "", key: "", resolvConf: "" });
  assert.equal(config["failCgroupV1"], false);
  assert.equal(config["cgroupDriver"], "cgroupfs");
  assert.equal(config["imageGCHighThresholdPercent"], 100);
  assert.equal(config["imageMinimumGCAge"], "24h");
});

Deno.test("containerdConfig() names the pause image and works without CAP_SYS_RESOURCE", () => {
  const config = containerdConfig("localhost/pause:1");
  assert.match(config, /^version = 3$/m);
  assert.match(config, /pinned_images\]\n {2}sandbox = "localhost\/pause:1"$/m);
  assert.match(config, /^ {2}restrict_oom_score_adj = true$/m);
});

Deno.test("networkConfig() gives pods one address of each family and a way out", () => {
  const [bridge] = networkConfig(node)["plugins"] as { ipam: unknown; ipMasq: boolean }[];
  assert.equal(bridge?.ipMasq, false);
  assert.deepEqual(bridge?.ipam, {
    type: "host-local",
    ranges: [[{ subnet: "10.210.28.0/24" }], [{ subnet: "fd5c:2:7:0::/64" }]],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
  });
});

Deno.test("nodeObject() carries the ranges that the pods' network uses, and the label that spreads pods", () => {
  assert.deepEqual(nodeObject(node), {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node1", labels: { "kubernetes.io/hostname": "node1" } },
    spec: { podCIDR: "10.210.28.0/24", podCIDRs: ["10.210.28.0/24", "fd5c:2:7:0::/64"] },
  });
});

Deno.test("resolvConf() asks one server, once", () => {
  assert.equal(resolvConf("10.200.7.1"), "nameserver 10.200.7.1\noptions timeout:1 attempts:1\n");
});
