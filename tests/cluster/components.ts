import type { NodePlan, Plan } from "./plan.ts";

/** Paths of the cluster's certificates and keys. */
export interface Credentials {
  path(name: string): string;
}

/** Returns the command of etcd 3.5 or newer: with an older etcd the API server's watch cache never catches up. */
export function etcdArgs(plan: Plan, data: string): string[] {
  const client = `http://${plan.loopback}:2379`;
  const peer = `http://${plan.loopback}:2380`;
  return [
    "etcd",
    `--data-dir=${data}`,
    "--unsafe-no-fsync", // the data is deleted with the cluster
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--log-level=warn",
  ];
}

export function apiServerArgs(plan: Plan, credentials: Credentials): string[] {
  return [
    "kube-apiserver",
    `--etcd-servers=http://${plan.loopback}:2379`,
    `--advertise-address=${plan.gateway4}`,
    `--bind-address=${plan.gateway4}`,
    "--secure-port=6443",
    `--client-ca-file=${credentials.path("ca.crt")}`,
    `--tls-cert-file=${credentials.path("apiserver.crt")}`,
    `--tls-private-key-file=${credentials.path("apiserver.key")}`,
    `--kubelet-client-certificate=${credentials.path("kubelet-client.crt")}`,
    `--kubelet-client-key=${credentials.path("kubelet-client.key")}`,
    `--kubelet-certificate-authority=${credentials.path("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP", // the nodes have no DNS names
    `--service-account-key-file=${credentials.path("service-account.key")}`,
    `--service-account-signing-key-file=${credentials.path("service-account.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-cluster-ip-range=${plan.services.join(",")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
  ];
}

export function controllerManagerArgs(plan: Plan, credentials: Credentials): string[] {
  return [
    "kube-controller-manager",
    `--kubeconfig=${credentials.path("controller-manager.kubeconfig")}`,
    `--bind-address=${plan.loopback}`,
    `--service-account-private-key-file=${credentials.path("service-account.key")}`,
    `--root-ca-file=${credentials.path("ca.crt")}`,
    "--use-service-account-credentials",
    "--kube-api-qps=200", // with the default of 20 every start of the controllers takes 5 s
    "--kube-api-burst=400",
    "--leader-elect=false",
  ];
}

export function schedulerArgs(plan: Plan, credentials: Credentials): string[] {
  return [
    "kube-scheduler",
    `--kubeconfig=${credentials.path("scheduler.kubeconfig")}`,
    `--bind-address=${plan.loopback}`,
    "--leader-elect=false",
  ];
}

export function kubeProxyArgs(plan: Plan, node: NodePlan, credentials: Credentials): string[] {
  return [
    "kube-proxy",
    `--kubeconfig=${credentials.path("proxy.kubeconfig")}`,
    "--proxy-mode=nftables",
    `--cluster-cidr=${plan.pods.join(",")}`,
    `--hostname-override=${node.name}`,
    "--conntrack-max-per-core=0", // keeps the limit, which applies to the whole machine
  ];
}

export function kubeletArgs(node: NodePlan, credentials: Credentials, config: string): string[] {
  return [
    "kubelet",
    `--config=${config}`,
    `--kubeconfig=${credentials.path(`${node.name}.kubeconfig`)}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.address4},${node.address6}`,
    "--housekeeping-interval=2m", // looks at all control groups; by default it costs as much as all else of an idle cluster
    "--v=2",
  ];
}
