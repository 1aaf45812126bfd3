import { defined } from "../lib/defined.ts";
import { type ConfigFile, readKubeconfig } from "./kubeconfig.ts";
import { type Choice, chooseContext } from "./kubeconfig_choice.ts";

/** Connection settings of an API server, for simple kubeconfigs only. Certificates and keys are PEM. */
export interface QuickConfig {
  server: string;
  /** Namespace of the context. */
  namespace: string;
  /** Without one, the authorities that browsers know are trusted. */
  authority?: Material;
  certificate?: Material;
  key?: Material;
  token?: Material;
}

/** A value given in the kubeconfig itself, or by the path of a file. */
export type Material = { text: string } | { file: string };

/** Returns the names of the contexts of these files, merged as kubectl does. Throws when a file cannot be read. */
export function contextNames(files: readonly ConfigFile[]): string[] {
  return [...readKubeconfig(files).contexts.keys()].filter((name) => name !== "");
}

/** Returns a context's name, server and namespace; undefined when the kubeconfig lacks it. */
export function contextOf(
  files: readonly ConfigFile[],
  context?: string,
): { context: string; server: string; namespace: string } | undefined {
  const found = chooseContext(readKubeconfig(files), context);
  return "lacks" in found
    ? undefined
    : { context: found.context, server: found.cluster.server, namespace: found.namespace };
}

/** Returns true when a context needs a credential plugin. Throws when a file cannot be read. */
export function needsPlugin(files: readonly ConfigFile[], context?: string): boolean {
  const found = chooseContext(readKubeconfig(files), context);
  return !("lacks" in found) && (found.user.exec !== undefined || found.user["auth-provider"] !== undefined);
}

/** Returns the quick configuration of a context. Throws when a file cannot be read, or kubectl would refuse it. */
export function quickConfig(files: readonly ConfigFile[], context?: string): QuickConfig | undefined {
  const found = chooseContext(readKubeconfig(files), context);
  return "lacks" in found ? undefined : quickConfigOf(found);
}

/**
 * Returns what Deno itself needs to ask an API server; undefined for settings that need the client library (plugins, passwords,
 * proxies, other TLS server names), whose loading takes a tenth of a second.
 */
export function quickConfigOf({ cluster, user, namespace }: Choice): QuickConfig | undefined {
  const { server } = cluster;
  const special = cluster["insecure-skip-tls-verify"] || cluster["tls-server-name"] || cluster["proxy-url"] ||
    user.as ||
    user.username || user.password || user.exec || user["auth-provider"] || (user.token && user.tokenFile);
  if (special || !server.startsWith("https:")) return undefined;
  const authority = material(cluster, "certificate-authority");
  const certificate = material(user, "client-certificate"), key = material(user, "client-key");
  return {
    server,
    namespace,
    ...defined({ authority, certificate, key }),
    ...(user.tokenFile ? { token: { file: user.tokenFile } } : user.token ? { token: { text: user.token } } : {}),
  };
}

function material(entry: object, key: string): Material | undefined {
  const { [`${key}-data`]: data, [key]: file } = entry as Record<string, string | undefined>;
  return data ? { text: atob(data) } : file ? { file } : undefined;
}
