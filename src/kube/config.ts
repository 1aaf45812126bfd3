import { KubeConfig } from "@kubernetes/client-node";
import type { RequestContext } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";

/**
 * A kubeconfig whose credential plugin is asked once where several calls need it at the same moment (it may open a
 * browser), and whose failure is told from one of the API server.
 */
export class Config extends KubeConfig {
  #turn: Promise<unknown> = Promise.resolve();

  override applySecurityAuthentication(context: RequestContext): Promise<void> {
    return this.#inTurn(() => super.applySecurityAuthentication(context));
  }

  override async applyToHTTPSOptions(options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0]): Promise<void> {
    await this.#inTurn(() => super.applyToHTTPSOptions(options));
    // Masking (RFC 6455, 5.3) keeps scripts from fooling what reads a plain WebSocket on its way. Nobody reads this one, and
    // to mask it byte by byte was half of the work of a transfer into a pod; a mask of zeros is none.
    if (this.getCurrentCluster()?.server.startsWith("https:")) Object.assign(options, { generateMask: noMask });
  }

  #inTurn(apply: () => Promise<void>): Promise<void> {
    const applied = this.#turn.then(apply).catch((error: unknown) => {
      throw this.#failure(error);
    });
    this.#turn = applied.catch(() => {});
    return applied;
  }

  #failure(error: unknown): unknown {
    const command: string | undefined = this.getCurrentUser()?.exec?.command;
    if (command === undefined) return error;
    const said = error instanceof Error ? error.message : String(error);
    return new ScopeError("denied", `Cannot get credentials: the kubeconfig's plugin "${command}" failed`, {
      cause: error,
      hint: said.trim() || "it said nothing; run it by itself to see why",
    });
  }
}

const noMask = (mask: Uint8Array) => void mask.fill(0);
