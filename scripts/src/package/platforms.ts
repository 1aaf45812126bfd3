import { ScriptError, USAGE } from "../lib/errors.ts";

/** Deno's npm package for each platform, by krew's name of it. */
const packages: Readonly<Record<string, string>> = {
  "linux-amd64": "linux-x64-glibc",
  "linux-arm64": "linux-arm64-glibc",
  "darwin-amd64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
};

export const platforms: readonly string[] = Object.keys(packages);

/** Returns the name of Deno's npm package for a platform. */
export function denoPackage(platform: string): string {
  const name = packages[platform];
  if (name !== undefined) return name;
  const hint = `it is one of ${platforms.join(", ")}`;
  throw new ScriptError(`There is no Deno for the platform "${platform}"`, hint, USAGE);
}
