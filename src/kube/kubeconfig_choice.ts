import type { ClusterEntry, ContextEntry, Kubeconfig, UserEntry } from "./kubeconfig.ts";
import { serverAddress } from "./server_address.ts";

/** The entries that a context names. For a missing user, requests are made without credentials. */
export interface Choice {
  context: string;
  namespace: string;
  clusterName: string;
  userName: string;
  /** Cluster, with its server address normalized for requests. */
  cluster: ClusterEntry;
  /** User, without credentials for servers without TLS. */
  user: Partial<UserEntry>;
}

/** The entry that a context lacks, without which no cluster can be asked. */
export type Lack = { lacks: "current" | "context" | "cluster" | "server"; context: string; cluster: string };

/**
 * Finds the entries of a context, by default the current one, and checks them by kubectl's rules (client-go's validation.go).
 *
 * Throws Error that names the broken rule.
 */
export function chooseContext(config: Kubeconfig, name = config.current): Choice | Lack {
  const context = config.contexts.get(name), cluster = context && config.clusters.get(context.cluster);
  const lack = { context: name, cluster: context?.cluster ?? "" };
  if (context === undefined) return { ...lack, lacks: name === "" ? "current" : "context" };
  if (cluster === undefined) return { ...lack, lacks: "cluster" };
  if (cluster.server === "") return { ...lack, lacks: "server" };
  return choice(name, context, cluster, config.users.get(context.user));
}

function choice(name: string, context: ContextEntry, cluster: ClusterEntry, user?: UserEntry): Choice {
  const server = serverAddress(cluster.server), secure = server?.startsWith("https:") === true;
  const check = (kind: string, name: string, problem: string | undefined) => {
    if (problem !== undefined) throw new Error(`${kind} "${name}" ${problem}`);
  };
  check("cluster", context.cluster, server === undefined ? `has no valid server: "${cluster.server}"` : undefined);
  check("cluster", context.cluster, clusterProblem(cluster, secure));
  if (user !== undefined) check("user", context.user, userProblem(user));
  return {
    context: name,
    namespace: context.namespace || "default",
    clusterName: context.cluster,
    userName: context.user,
    cluster: { ...cluster, server: server! },
    user: user === undefined ? {} : secure ? user : impersonation(user),
  };
}

/** Returns the part of a user that is also sent to servers without TLS: it contains no secret. */
function impersonation(user: UserEntry): Partial<UserEntry> {
  const { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user;
  return { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra };
}

function clusterProblem(cluster: ClusterEntry, secure: boolean): string | undefined {
  const file = cluster["certificate-authority"], data = cluster["certificate-authority-data"];
  if (cluster["proxy-url"] !== "" && !/^(https?|socks5):/i.test(cluster["proxy-url"])) {
    return `has a proxy-url that is none of http, https and socks5: "${cluster["proxy-url"]}"`;
  }
  if (file !== "" && data !== "") return "has both certificate-authority and certificate-authority-data";
  if (secure && cluster["insecure-skip-tls-verify"] && (file !== "" || data !== "")) {
    return "has a certificate authority and insecure-skip-tls-verify, which exclude each other";
  }
  return undefined;
}

function userProblem(user: UserEntry): string | undefined {
  const { exec } = user, has = (key: keyof UserEntry) => user[key] !== "";
  const certificate = has("client-certificate") || has("client-certificate-data");
  if (has("client-certificate") && has("client-certificate-data")) {
    return "has both client-certificate and client-certificate-data";
  }
  if (certificate && has("client-key") && has("client-key-data")) return "has both client-key and client-key-data";
  if (certificate && !has("client-key") && !has("client-key-data")) return "has a client certificate without a key";
  if (has("token") && (has("username") || has("password"))) return "has both a token and a username or password";
  if (user.as === "" && (has("as-uid") || user["as-groups"].length + Object.keys(user["as-user-extra"]).length > 0)) {
    return "says as-uid, as-groups or as-user-extra without as";
  }
  if (exec === undefined) return undefined;
  if (user["auth-provider"] !== undefined) return "has both exec and auth-provider";
  const missing = (["command", "apiVersion", "interactiveMode"] as const).find((key) => exec[key] === "");
  if (missing !== undefined) return `has a plugin (exec) without ${missing}`;
  if (exec.env.some(({ name }) => name === "")) return "has a plugin (exec) with a variable without a name";
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(exec.apiVersion)) {
    return `has a plugin (exec) of an unknown apiVersion: "${exec.apiVersion}"`;
  }
  if (!["Never", "IfAvailable", "Always"].includes(exec.interactiveMode)) {
    return `has a plugin (exec) with an unknown interactiveMode: "${exec.interactiveMode}"`;
  }
  return undefined;
}
