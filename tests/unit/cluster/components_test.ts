import assert from "node:assert/strict";
import {
  apiServerArgs,
  controllerManagerArgs,
  etcdArgs,
  kubeletArgs,
  kubeProxyArgs,
  schedulerArgs,
} from "../../cluster/components.ts";
import { planCluster } from "../../cluster/plan.ts";

const plan = planCluster(7);
const node = plan.nodes[0]!;
const credentials = { path: (name: string) => `/pki/${name}` };

function includes(argv: readonly string[], ...wanted: string[]) {
  for (const argument of wanted) assert.ok(argv.includes(argument), `${argument} is not in ${argv.join(" ")}`);
}

Deno.test("etcdArgs() listens on the cluster's own loopback address only", () => {
  const argv = etcdArgs(plan, "/data");
  assert.equal(argv[0], "etcd");
  includes(argv, "--data-dir=/data", "--listen-client-urls=http://127.200.7.1:2379");
  for (const argument of argv.filter((text) => text.includes("http://"))) assert.match(argument, /127\.200\.7\.1:/);
});

Deno.test("apiServerArgs() is dual stack, authorizes nodes and reaches them by address", () => {
  includes(
    apiServerArgs(plan, credentials),
    "--etcd-servers=http://127.200.7.1:2379",
    "--bind-address=10.200.7.1",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--kubelet-preferred-address-types=InternalIP",
    "--service-cluster-ip-range=10.96.0.0/16,fd5c:3::/112",
    "--client-ca-file=/pki/ca.crt",
    "--tls-cert-file=/pki/apiserver.crt",
  );
});

Deno.test("controllerManagerArgs() and schedulerArgs() keep to the loopback address and need no election", () => {
  for (const argv of [controllerManagerArgs(plan, credentials), schedulerArgs(plan, credentials)]) {
    includes(argv, "--bind-address=127.200.7.1", "--leader-elect=false");
  }
});

Deno.test("kubeProxyArgs() uses nftables and leaves the machine's conntrack limit alone", () => {
  includes(
    kubeProxyArgs(plan, node, credentials),
    "--proxy-mode=nftables",
    "--conntrack-max-per-core=0",
    "--cluster-cidr=10.210.28.0/22,fd5c:2:7::/56",
    "--kubeconfig=/pki/proxy.kubeconfig",
  );
});

Deno.test("kubeletArgs() announces both addresses of the node", () => {
  includes(
    kubeletArgs(node, credentials, "/kubelet.json"),
    "--config=/kubelet.json",
    "--node-ip=10.200.7.11,fd5c:1:7::11",
    "--hostname-override=node1",
    "--kubeconfig=/pki/node1.kubeconfig",
  );
});
