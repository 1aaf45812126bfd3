import { delimiter } from "node:path";

/** Option and environment that determine the files of the kubeconfig. */
export interface KubeconfigPlace {
  kubeconfig?: string;
  env?: Readonly<Record<string, string>>;
}

/**
 * Returns the files of the kubeconfig as kubectl finds them: the one given, else those of $KUBECONFIG, else ~/.kube/config,
 * which alone may be missing.
 */
export function kubeconfigPaths({ kubeconfig, env = {} }: KubeconfigPlace): { paths: string[]; byDefault: boolean } {
  if (kubeconfig !== undefined) return { paths: [kubeconfig], byDefault: false };
  const variable = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  if (variable.length > 0) return { paths: variable, byDefault: false };
  return { paths: env.HOME ? [`${env.HOME}/.kube/config`] : [], byDefault: true };
}
