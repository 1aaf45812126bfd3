import { parse } from "yaml";

/** What it takes to ask an API server, as far as a kubeconfig has it in plain words. Certificates are PEM, or base64 of it. */
export interface QuickConfig {
  server: string;
  /** Of the context. */
  namespace: string;
  authority?: Material;
  certificate?: Material;
  key?: Material;
  token?: Material;
}

/** Given in the kubeconfig itself, or by the path of a file. */
export type Material = { text: string } | { file: string };

/** A kubeconfig file: its folder, from which relative paths count, and its text. */
export interface ConfigFile {
  folder: string;
  text: string;
}

interface Named {
  name: string;
  // deno-lint-ignore no-explicit-any -- a file that anybody may have written
  [kind: string]: any;
}

interface Document {
  "current-context"?: string;
  contexts?: Named[];
  clusters?: Named[];
  users?: Named[];
}

/** The names of the contexts of these files, merged as kubectl does. Throws when one cannot be read as YAML. */
export function contextNames(files: readonly ConfigFile[]): string[] {
  return [...new Set(documents(files).flatMap(({ document }) => (document.contexts ?? []).map(({ name }) => name)))];
}

/** Where a context leads: its name, its server and its namespace. Nothing where the kubeconfig lacks it. */
export function contextOf(
  files: readonly ConfigFile[],
  context?: string,
): { context: string | undefined; server: unknown; namespace: string } | undefined {
  const found = find(files, context);
  return found && { context: found.name, server: found.cluster.value.server, namespace: found.namespace };
}

/** The credential plugin that a context needs, if it does. Throws when a file cannot be read as YAML. */
export function needsPlugin(files: readonly ConfigFile[], context?: string): boolean {
  const user = find(files, context)?.user.value;
  return user?.exec !== undefined || user?.["auth-provider"] !== undefined;
}

/**
 * Reads what the client library would, in a tenth of the time that it takes to load that one: a shell waits. Nothing where
 * a kubeconfig says more than this knows (plugins, passwords, proxies, servers under other names): that is the library's.
 *
 * Throws when a file cannot be read as YAML.
 */
export function quickConfig(files: readonly ConfigFile[], context?: string): QuickConfig | undefined {
  const found = find(files, context);
  if (found === undefined) return undefined;
  const { cluster, user, namespace } = found;
  const known = Object.keys(cluster.value).every((key) => clusterKeys.includes(key)) &&
    Object.keys(user.value).every((key) => userKeys.includes(key));
  if (!known || typeof cluster.value.server !== "string" || !cluster.value.server.startsWith("https://")) {
    return undefined;
  }
  const authority = material(cluster, "certificate-authority"), certificate = material(user, "client-certificate");
  const key = material(user, "client-key");
  const { token, tokenFile } = user.value;
  return {
    server: cluster.value.server.replace(/\/+$/, ""),
    namespace,
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(typeof tokenFile === "string"
      ? { token: { file: resolve(user.folder, tokenFile) } }
      : typeof token === "string"
      ? { token: { text: token } }
      : {}),
  };
}

const clusterKeys = ["server", "certificate-authority", "certificate-authority-data", "extensions"];
const userKeys = [
  ...["client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile"],
  "extensions",
];

interface Place {
  folder: string;
  value: Named;
}

function find(
  files: readonly ConfigFile[],
  name?: string,
): { name: string | undefined; cluster: Place; user: Place; namespace: string } | undefined {
  const all = documents(files);
  const first = (list: "contexts" | "clusters" | "users", kind: string, name: unknown): Place | undefined => {
    for (const { folder, document } of all) {
      const found = (document[list] ?? []).find((one) => one.name === name)?.[kind];
      if (found !== undefined && found !== null) return { folder, value: found };
    }
    return undefined;
  };
  const current = name ?? all.map(({ document }) => document["current-context"]).find((one) => one);
  const context = first("contexts", "context", current)?.value;
  const cluster = first("clusters", "cluster", context?.cluster);
  if (context === undefined || cluster === undefined) return undefined;
  const user = first("users", "user", context.user) ?? { folder: "", value: {} as Named };
  return { name: current, cluster, user, namespace: context.namespace || "default" };
}

function documents(files: readonly ConfigFile[]): { folder: string; document: Document }[] {
  return files.map(({ folder, text }) => ({ folder, document: (parse(text) ?? {}) as Document }));
}

function material({ folder, value }: Place, key: string): Material | undefined {
  const data: unknown = value[`${key}-data`], path: unknown = value[key];
  if (typeof data === "string" && data !== "") return { text: atob(data) };
  return typeof path === "string" && path !== "" ? { file: resolve(folder, path) } : undefined;
}

function resolve(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}
