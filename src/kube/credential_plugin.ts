import { readFile } from "node:fs/promises";
import type { Cluster, KubeConfig, User } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import { ScopeError } from "../errors.ts";
import type { ExecEntry } from "./kubeconfig.ts";
import { parseYaml } from "./yaml.ts";

/** Environment of a plugin: whether it may prompt, and where its messages go. */
export interface PluginWorld {
  /** True when a user can answer at a terminal that nothing else reads yet. */
  interactive: boolean;
  /** Prints the plugin's messages for the user. */
  notice(text: string): void;
  /** Leaves the work to the process whose terminal it is; undefined if it is this one. */
  handBack?: () => Promise<never>;
}

interface Credential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

/** Delay before stderr is shown, in milliseconds: a prompt waits for its answer; a quick failure is reported as an error. */
const quietMs = 1000;

/** Time for which other calls that need the credentials fail with the same error, in milliseconds. */
const failedMs = 5000;

/** Credentials as the client library takes them: options of a TLS connection, and headers. */
export type AuthOptions = Parameters<KubeConfig["applyToHTTPSOptions"]>[0];

/**
 * Gets the credentials of a kubeconfig's plugin as kubectl does. The client library would hide the plugin's stderr and give it
 * no terminal; here prompts and stderr reach the user. Runs the plugin again when the API server refuses the credentials. See
 * the Kubernetes documentation on client-go credential plugins.
 */
export class CredentialPlugin {
  #credential: Credential | undefined;
  #running: { command: string; stop: AbortController } | undefined;
  #prompted = false;
  #failed: { error: unknown; at: number } | undefined;

  constructor(private readonly world: PluginWorld, private readonly cluster: () => Cluster | null) {}

  /** Command of the running plugin. */
  get running(): string | undefined {
    return this.#running?.command;
  }

  /** Ends the running plugin, if any. */
  stop(): void {
    this.#running?.stop.abort();
  }

  /** The plugin's latest credentials. */
  get credential(): unknown {
    return this.#credential;
  }

  /** Drops the credentials if they are still the refused `used` ones. Returns whether another attempt may succeed. */
  refuse(used: unknown): boolean {
    if (this.#credential === used) this.#credential = undefined;
    return used !== undefined || this.#credential !== undefined;
  }

  isAuthProvider(user: User): boolean {
    return (user.exec ?? undefined) !== undefined;
  }

  /** Throws ScopeError: denied, with the plugin's stderr. */
  async applyAuthentication(user: User, options: AuthOptions): Promise<void> {
    const { expirationTimestamp } = this.#credential ?? {};
    if (expirationTimestamp !== undefined && Date.parse(expirationTimestamp) <= Date.now()) {
      this.#credential = undefined;
    }
    if (this.#failed !== undefined && performance.now() - this.#failed.at < failedMs) throw this.#failed.error;
    try {
      this.#credential ??= await this.#ask(user.exec as ExecEntry);
    } catch (error) {
      this.#failed = { error, at: performance.now() };
      throw error;
    }
    const { token, clientCertificateData: cert, clientKeyData: key } = this.#credential;
    Object.assign(options, defined({ cert, key }));
    if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  }

  async #ask(plugin: ExecEntry): Promise<Credential> {
    const { command, interactiveMode } = plugin, { handBack } = this.world;
    // Only the first time: later in the run other code reads the terminal.
    const interactive = this.world.interactive && !this.#prompted && interactiveMode !== "Never";
    if (interactiveMode === "Always" && !interactive) {
      throw failure(command, "it asks for a terminal: run scope at a terminal, or log in with the plugin first");
    }
    this.#prompted = true;
    if (!interactive || handBack === undefined) return await this.#run(plugin, interactive);
    // Most plugins need not ask, and so not the process whose terminal it is.
    if (interactiveMode === "Always") return await handBack();
    return await this.#run(plugin, false).catch(handBack);
  }

  async #run(plugin: ExecEntry, interactive: boolean): Promise<Credential> {
    const { command, args, env, installHint } = plugin;
    const { execa } = await import("execa");
    const stop = new AbortController();
    this.#running = { command, stop };
    const lines: string[] = [];
    let shown: number | undefined;
    const show = () => {
      for (const line of lines.slice(shown)) this.world.notice(line);
      shown = lines.length;
    };
    const quiet = setTimeout(show, quietMs);
    try {
      const running = execa(command, args, {
        env: {
          ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
          KUBERNETES_EXEC_INFO: JSON.stringify(await this.#info(plugin, interactive)),
        },
        stdin: interactive ? "inherit" : "ignore",
        // deno-lint-ignore require-yield -- passes no line on to scope's own stderr
        stderr: function* (line: unknown) {
          lines.push(String(line));
          if (shown !== undefined) show();
        },
        cancelSignal: stop.signal,
        forceKillAfterDelay: 500,
        reject: false,
      });
      const { exitCode, stdout, shortMessage, failed, code } = await running;
      if (code === "ENOENT") throw notInstalled(command, installHint);
      if (failed) {
        throw failure(
          command,
          exitCode === undefined
            ? shortMessage ?? ""
            : shown
            ? `it ended with exit code ${exitCode}`
            : lines.join("\n"),
        );
      }
      return credentialOf(command, stdout);
    } finally {
      clearTimeout(quiet);
      this.#running = undefined;
    }
  }

  /** Returns the plugin's input (ExecCredential of client.authentication.k8s.io). */
  async #info({ apiVersion, provideClusterInfo }: ExecEntry, interactive: boolean): Promise<unknown> {
    const cluster = provideClusterInfo ? this.cluster() : null;
    const caData = cluster?.caFile ? (await readFile(cluster.caFile)).toString("base64") : cluster?.caData;
    return {
      apiVersion,
      kind: "ExecCredential",
      spec: {
        ...cluster === null ? {} : {
          cluster: {
            server: cluster.server,
            ...cluster.tlsServerName ? { "tls-server-name": cluster.tlsServerName } : {},
            ...cluster.skipTLSVerify ? { "insecure-skip-tls-verify": true } : {},
            ...caData ? { "certificate-authority-data": caData } : {},
            ...cluster.proxyUrl ? { "proxy-url": cluster.proxyUrl } : {},
          },
        },
        interactive,
      },
    };
  }
}

/** Reads an ExecCredential as kubectl does: JSON or YAML, with or without a byte order mark. */
function credentialOf(command: string, stdout: string): Credential {
  let status: Credential | undefined;
  try {
    status = (parseYaml(stdout) as { status?: Credential }).status;
  } catch {
    // reported below
  }
  if (!status?.token && !status?.clientCertificateData) throw failure(command, "it printed no ExecCredential");
  return status;
}

/** Returns the error for a missing plugin; the kubeconfig's own install hint is preferred. */
function notInstalled(command: string, installHint: string): ScopeError {
  return new ScopeError("denied", `Cannot get credentials: the kubeconfig's plugin "${command}" is not installed`, {
    hint: installHint.trim() ||
      (command.includes("/")
        ? "there is no such program, of which the kubeconfig gives the path"
        : "install it, or add its directory to $PATH"),
  });
}

function failure(command: string, why: string): ScopeError {
  return new ScopeError("denied", `Cannot get credentials: the kubeconfig's plugin "${command}" failed`, {
    hint: why.trim() || "it said nothing; run it by itself to see why",
  });
}
