import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { KubeConfig, loadYaml } from "@kubernetes/client-node";
import type { RequestContext, User } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { AuthOptions } from "./credential_plugin.ts";
import { CredentialPlugin, type PluginWorld } from "./credential_plugin.ts";
import { finishRequest } from "./refused_upgrade.ts";
import { tokenFile } from "./token_file.ts";

/** A user's entry, as far as the client library does not read it. */
interface MoreOfUser {
  name: string;
  user?: { tokenFile?: string; "as-groups"?: string[]; "as-uid"?: string; "as-user-extra"?: unknown } | null;
}

/** What a user's entry asks for that requests would be made without. */
const unsupported = new WeakMap<User, string>();

/**
 * A kubeconfig as kubectl reads it. Its credential plugin is asked once where several calls need it at the same moment (it may
 * open a browser), and its failure is told from one of the API server.
 */
export class Config extends KubeConfig {
  readonly plugin: CredentialPlugin;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: PluginWorld = { interactive: false, say() {} }) {
    super();
    this.plugin = new CredentialPlugin(world, () => this.getCurrentCluster());
    // The first that says that a user is its own gets it: these instead of the library's.
    (this as unknown as { authenticators: unknown[] }).authenticators.unshift(this.plugin, tokenFile);
  }

  /** Of several files the first to name something has it, and those that are missing or empty are none. */
  loadFromFiles(files: readonly string[]): void {
    const configs: Config[] = [];
    let missing: unknown;
    for (const file of files) {
      const config = new Config();
      try {
        config.loadFromFile(file);
        configs.push(config);
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOENT") throw error;
        missing = error;
      }
    }
    if (configs.length === 0) throw missing;
    const first = <T extends { name: string }>(all: readonly T[]) =>
      all.filter(({ name }, index) => all.findIndex((each) => each.name === name) === index);
    this.loadFromOptions({
      clusters: first(configs.flatMap(({ clusters }) => clusters)),
      contexts: first(configs.flatMap(({ contexts }) => contexts)),
      users: first(configs.flatMap(({ users }) => users)),
      currentContext: configs.find(({ currentContext }) => currentContext)?.currentContext,
    });
  }

  override loadFromFile(file: string): void {
    this.loadFromString(readFileSync(file, "utf8"));
    this.makePathsAbsolute(dirname(file));
  }

  override loadFromString(given: string): void {
    const text = given.trim() === "" ? "{}" : given;
    super.loadFromString(text);
    const more = (loadYaml(text) as { users?: MoreOfUser[] | null } | undefined)?.users ?? [];
    for (const user of this.users) {
      const found = more.find(({ name }) => name === user.name)?.user ?? {};
      const unknown = (["as-groups", "as-uid", "as-user-extra"] as const).find((key) => found[key] !== undefined);
      if (unknown !== undefined) unsupported.set(user, unknown);
      if (found.tokenFile === undefined) continue;
      const authProvider = { name: "tokenFile", config: { tokenFile: found.tokenFile } };
      Object.assign(user, { authProvider, token: undefined });
    }
  }

  override makePathsAbsolute(folder: string): void {
    super.makePathsAbsolute(folder);
    for (const { authProvider, exec } of this.users) {
      const absolute = (path: string) => isAbsolute(path) ? path : join(folder, path);
      const { config } = (authProvider ?? {}) as { config?: { tokenFile?: string } };
      if (config?.tokenFile !== undefined) config.tokenFile = absolute(config.tokenFile);
      // A command with a slash is a path from the file's folder; without one it is looked for in $PATH.
      if (exec?.command?.includes("/")) exec.command = absolute(exec.command);
    }
  }

  /**
   * Throws ScopeError, unreachable, where the context is for a user whom requests would be made as only in part: with other
   * groups, other things are allowed.
   */
  assertWhole(): void {
    const user = this.getCurrentUser(), what = user === null ? undefined : unsupported.get(user);
    if (what === undefined) return;
    const message = `Cannot act as the kubeconfig's user "${user!.name}" says: "${what}" is not supported`;
    throw new ScopeError("unreachable", message, { hint: "choose another user or context with --context" });
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
