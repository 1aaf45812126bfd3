import { readFileSync } from "node:fs";
import type { Choice } from "./kubeconfig_choice.ts";

/** Directory of a pod's service account. */
const directory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** File with the token of a pod's service account. */
export const tokenOfPod = `${directory}/token`;

/** Returns the API server and the service account of the pod that this program runs in, as client-go's InClusterConfig. */
export function podChoice(env: Readonly<Record<string, string>>): Choice {
  const host = env.KUBERNETES_SERVICE_HOST ?? "", port = env.KUBERNETES_SERVICE_PORT ?? "";
  return {
    context: "",
    namespace: namespaceOfPod(),
    clusterName: "",
    userName: "",
    cluster: {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      "certificate-authority": `${directory}/ca.crt`,
      "certificate-authority-data": "",
      "insecure-skip-tls-verify": false,
      "tls-server-name": "",
      "proxy-url": "",
    },
    user: { tokenFile: tokenOfPod },
  };
}

function namespaceOfPod(): string {
  try {
    return readFileSync(`${directory}/namespace`, "utf8").trim() || "default";
  } catch {
    return "default";
  }
}
