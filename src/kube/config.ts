import { KubeConfig } from "@kubernetes/client-node";
import type { RequestContext } from "@kubernetes/client-node";
import type { AuthOptions } from "./credential_plugin.ts";
import { CredentialPlugin, type PluginWorld } from "./credential_plugin.ts";
import type { Choice } from "./kubeconfig_choice.ts";
import { finishRequest } from "./refused_upgrade.ts";
import { tokenFile } from "./token_file.ts";

/**
 * The client library's view of one context of a kubeconfig. The credential plugin runs only once for concurrent calls (it may
 * open a browser), and its failure is distinguished from one of the API server.
 */
export class Config extends KubeConfig {
  readonly plugin: CredentialPlugin;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: PluginWorld = { interactive: false, notice() {} }) {
    super();
    this.plugin = new CredentialPlugin(world, () => this.getCurrentCluster());
    // Authenticators are asked in order; these must precede the library's.
    (this as unknown as { authenticators: unknown[] }).authenticators.unshift(this.plugin, tokenFile);
  }

  /** Loads the chosen entries of a kubeconfig. */
  take({ context, namespace, clusterName, userName, cluster, user }: Choice): void {
    const given = (value: string | undefined) => value === "" ? undefined : value;
    const { exec, token, tokenFile } = user;
    this.loadFromOptions({
      currentContext: context,
      contexts: [{ name: context, cluster: clusterName, user: userName, namespace }],
      clusters: [{
        name: clusterName,
        server: cluster.server,
        caFile: given(cluster["certificate-authority"]),
        caData: given(cluster["certificate-authority-data"]),
        // Without TLS the library requires this flag; kubectl accepts `http:`, for example of `kubectl proxy`, without one.
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
    // The library caches the agent of the first connection, with the client certificate of that time.
    (this as unknown as { agentCache: Map<string, unknown> }).agentCache.clear();
    await this.#inTurn(() => super.applyToHTTPSOptions(options));
    Object.assign(options, { finishRequest });
    // Masking (RFC 6455, 5.3) protects intermediaries that read unencrypted WebSockets. With TLS there are none, and masking
    // byte by byte was half of the work of a transfer into a pod. A mask of zeros changes nothing.
    if (this.getCurrentCluster()?.server.startsWith("https:")) Object.assign(options, { generateMask: noMask });
  }

  /** Retries once with new credentials when a plugin's are refused, as a plugin may give no expiry. */
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
