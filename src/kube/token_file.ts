import { readFile } from "node:fs/promises";
import type { User } from "@kubernetes/client-node";
import type { AuthOptions } from "./credential_plugin.ts";

/** The token in a file, which whoever gives it out renews: read for each request, as it is small. */
export const tokenFile = {
  isAuthProvider: ({ authProvider }: User): boolean => pathOf(authProvider) !== undefined,
  async applyAuthentication({ authProvider }: User, options: AuthOptions): Promise<void> {
    const token = (await readFile(pathOf(authProvider)!, "utf8")).trim();
    options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  },
};

function pathOf(provider: unknown): string | undefined {
  return (provider as { config?: { tokenFile?: string } } | undefined)?.config?.tokenFile;
}
