import type { NodePlan } from "./plan.ts";

/** Paths of the kubelet's files on the host's disk. */
export interface KubeletPaths {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly resolvConf: string;
}

/** Returns a KubeletConfiguration; it is written as JSON, which is valid YAML. */
export function kubeletConfig(paths: KubeletPaths): Record<string, unknown> {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: paths.authority },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: paths.certificate,
    tlsPrivateKeyFile: paths.key,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    resolvConf: paths.resolvConf,
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    // There is no registry to pull a deleted image from again, and the disk is the developer's.
    imageMinimumGCAge: "24h",
    imageGCHighThresholdPercent: 100,
    evictionHard: { "nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "50Mi" },
  };
}

/** Returns containerd's configuration (https://github.com/containerd/containerd/blob/main/docs/cri/config.md). */
export function containerdConfig(pauseImage: string): string {
  return `version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = ${JSON.stringify(pauseImage)}

[plugins."io.containerd.cri.v1.runtime"]
  # root may lack CAP_SYS_RESOURCE, and then runc cannot lower an oom_score_adj
  restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"
`;
}

/** Returns the CNI configuration of one node: a bridge of its own, two address families, host ports. */
export function networkConfig(node: NodePlan): Record<string, unknown> {
  return {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: node.pods4 }], [{ subnet: node.pods6 }]],
          routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

/**
 * Returns the Node object. It is created before its kubelet starts, so that the ranges of pod addresses can be chosen here,
 * and the scheduler knows both nodes when it places the first pod.
 */
export function nodeObject(node: NodePlan): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: node.name, labels: { "kubernetes.io/hostname": node.name } },
    spec: { podCIDR: node.pods4, podCIDRs: [node.pods4, node.pods6] },
  };
}

/**
 * Returns a resolv.conf with a name server that refuses at once (nothing listens there), so that an image pull fails fast
 * without a network.
 */
export function resolvConf(gateway: string): string {
  return `nameserver ${gateway}\noptions timeout:1 attempts:1\n`;
}
