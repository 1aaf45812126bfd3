import { ROOT } from "../lib/paths.ts";
import { denoInfo } from "./deno_info.ts";

/** Returns the licenses of the npm packages of deno.lock, which are part of the bundles, from Deno's package cache. */
export async function licenses(): Promise<string> {
  const { npmCache } = await denoInfo();
  const lock: { npm: Record<string, unknown> } = JSON.parse(Deno.readTextFileSync(`${ROOT}/deno.lock`));
  const registries = [...Deno.readDirSync(npmCache)].filter(({ isDirectory }) => isDirectory);
  const directories = registries.map(({ name }) => `${npmCache}/${name}`);
  return Object.keys(lock.npm).sort().map((entry) => licenseOf(entry, directories)).join("");
}

/** Returns the license of an entry of deno.lock; empty for a package that is not in a bundle. */
function licenseOf(entry: string, registries: readonly string[]): string {
  if (entry.startsWith("@types/")) return "";
  // `@scope/name@1.2.3_peer@4.5.6`: the suffix after the version names peer dependencies.
  const [, name, version] = /^((?:@[^/]+\/)?[^@]+)@([^_]+)/.exec(entry)!;
  const directory = registries.map((registry) => `${registry}/${name}/${version}`).find(isDirectory);
  if (directory === undefined) return ""; // for another platform, or only for types
  const { license } = JSON.parse(Deno.readTextFileSync(`${directory}/package.json`));
  const files = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) =>
    /^(licen[sc]e|copying|notice)/i.test(name)
  );
  const texts = files.sort().map((file) => Deno.readTextFileSync(`${directory}/${file}`).trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n") + `\n\n${"-".repeat(78)}\n\n`;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
