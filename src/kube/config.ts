import { KubeConfig } from "@kubernetes/client-node";
import type { RequestContext } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { AuthOptions } from "./credential_plugin.ts";
import { CredentialPlugin, type PluginWorld } from "./credential_plugin.ts";
import type { Choice } from "./kubeconfig_choice.ts";
import { finishRequest } from "./refused_upgrade.ts";
import { tokenFile } from "./token_file.ts";

/**
 * The client library's view of one context of a kubeconfig. Its credential plugin is asked once where several calls need it at
 * the same moment (it may open a browser), and its failure is told from one of the API server.
 */
export class Config extends KubeConfig {
  readonly plugin: CredentialPlugin;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: PluginWorld = { interactive: false, notice() {} }) {
    super();
    this.plugin = new CredentialPlugin(world, () => this.getCurrentCluster());
    // The first that says that a user is its own gets it: these instead of the library's.
    (this as unknown as { authenticators: unknown[] }).authenticators.unshift(this.plugin, tokenFile);
  }

  /**
   * Takes what a kubeconfig says. Throws ScopeError, unreachable, where the user is one whom requests would be made as only in
   * part: with other groups, other things are allowed.
   */
  take({ context, namespace, clusterName, userName, cluster, user }: Choice): void {
    const given = (value: string | undefined) => value === "" ? undefined : value;
    const unknown = user.as
      ? (["as-groups", "as-uid", "as-user-extra"] as const).find((key) => Object.keys(user[key] ?? "").length > 0)
      : undefined;
    if (unknown !== undefined) {
      const message = `Cannot act as the kubeconfig's user "${userName}" says: "${unknown}" is not supported`;
      throw new ScopeError("unreachable", message, { hint: "choose another user or context with --context" });
    }
    const { exec, token, tokenFile } = user;
    this.loadFromOptions({
      currentContext: context,
      contexts: [{ name: context, cluster: clusterName, user: userName, namespace }],
      clusters: [{
        name: clusterName,
        server: cluster.server,
        caFile: given(cluster["certificate-authority"]),
        caData: given(cluster["certificate-authority-data"]),
        // The library wants it said that without TLS nothing is verified; kubectl takes `kubectl proxy` as it is.
        skipTLSVerify: cluster["insecure-skip-tls-verify"] || cluster.server.startsWith("http:"),
        tlsServerName: given(cluster["tls-server-name"]),
        proxyUrl: given(cluster["proxy-url"]),
      }],
      users: [{
        name: userName,
        certFile: given(user["client-certificate"]),
        certData: given(user["client-certificate-data"]),
        keyFile: given(user["client-key"]),
        keyData: given(user["client-key-data"]),
        impersonateUser: given(user.as),
        username: given(user.username) ?? (user.password ? "" : undefined),
        password: user.password,
        exec,
        ...tokenFile
          ? { authProvider: { name: "tokenFile", config: { tokenFile, token } } }
          : { authProvider: user["auth-provider"], token: given(token) },
      }],
    });
  }

  override applySecurityAuthentication(context: RequestContext): Promise<void> {
    return this.#inTurn(() => super.applySecurityAuthentication(context));
  }

  override async applyToHTTPSOptions(options: AuthOptions): Promise<void> {
    // The library keeps the agent of the first connection, with the certificate of that time.
    (this as unknown as { agentCache: Map<string, unknown> }).agentCache.clear();
    await this.#inTurn(() => super.applyToHTTPSOptions(options));
    Object.assign(options, { finishRequest });
    // Masking (RFC 6455, 5.3) keeps scripts from fooling what reads a plain WebSocket on its way. Nobody reads this one, and
    // to mask it byte by byte was half of the work of a transfer into a pod; a mask of zeros is none.
    if (this.getCurrentCluster()?.server.startsWith("https:")) Object.assign(options, { generateMask: noMask });
  }

  /** Does it once more with new credentials where those of a plugin are refused: it may say nothing of when they expire. */
  async renewing<T>(work: () => Promise<T>): Promise<T> {
    const used = this.plugin.credential;
    try {
      return await work();
    } catch (error) {
      if (!isUnauthorized(error) || !this.plugin.refuse(used)) throw error;
      return await work();
    }
  }

  #inTurn(apply: () => Promise<void>): Promise<void> {
    const applied = this.#turn.then(apply);
    this.#turn = applied.catch(() => {});
    return applied;
  }
}

function isUnauthorized(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 401;
}

const noMask = (mask: Uint8Array) => void mask.fill(0);
