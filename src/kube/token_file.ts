import { readFile } from "node:fs/promises";
import type { User } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { AuthOptions } from "./credential_plugin.ts";

/** Authenticator for a token file, which its issuer renews: read for each request, as it is small. */
export const tokenFile = {
  isAuthProvider: ({ authProvider }: User): boolean => configOf(authProvider).tokenFile !== undefined,
  /** Throws ScopeError, denied, when the file cannot be read and the kubeconfig has no token as a fallback. */
  async applyAuthentication({ authProvider }: User, options: AuthOptions): Promise<void> {
    const { tokenFile = "", token: fallback } = configOf(authProvider);
    const token = await readFile(tokenFile, "utf8").then((text) => text.trim()).catch((error: Error) => {
      if (fallback) return fallback;
      throw new ScopeError("denied", "Cannot get credentials: the kubeconfig's tokenFile cannot be read", {
        cause: error,
        hint: error.message,
      });
    });
    options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  },
};

function configOf(provider: unknown): { tokenFile?: string; token?: string } {
  return (provider as { config?: { tokenFile?: string; token?: string } } | undefined)?.config ?? {};
}
