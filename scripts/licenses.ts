/** Prints the licenses of the npm packages of deno.lock, which are part of the bundles, from Deno's package cache. */

const { npmCache } = JSON.parse(await output("info", "--json"));
const lock: { npm: Record<string, unknown> } = JSON.parse(Deno.readTextFileSync("deno.lock"));
const registries = [...Deno.readDirSync(npmCache)].filter(({ isDirectory }) => isDirectory);

for (const entry of Object.keys(lock.npm).sort()) {
  if (entry.startsWith("@types/")) continue;
  // `@scope/name@1.2.3_peer@4.5.6`: the suffix after the version names peer dependencies.
  const [, name, version] = /^((?:@[^/]+\/)?[^@]+)@([^_]+)/.exec(entry)!;
  const directory = registries.map((registry) => `${npmCache}/${registry.name}/${name}/${version}`).find(isDirectory);
  if (directory === undefined) continue; // for another platform, or only for types
  const { license } = JSON.parse(Deno.readTextFileSync(`${directory}/package.json`));
  const files = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) =>
    /^(licen[sc]e|copying|notice)/i.test(name)
  );
  const texts = files.sort().map((file) => Deno.readTextFileSync(`${directory}/${file}`).trim());
  console.log([`${name} ${version} (${license})`, ...texts].join("\n\n") + `\n\n${"-".repeat(78)}\n`);
}

async function output(...args: string[]): Promise<string> {
  return new TextDecoder().decode((await new Deno.Command(Deno.execPath(), { args }).output()).stdout);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
