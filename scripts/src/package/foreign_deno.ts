import { failing } from "../lib/errors.ts";
import { exists, remove } from "../lib/files.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { cacheDirectory } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { denoPackage } from "./platforms.ts";

/** Returns the Deno of a platform, from npm on the first use; npm verifies the registry's hash. */
export async function findForeignDeno(platform: string): Promise<string> {
  const name = denoPackage(platform), version = Deno.version.deno;
  const directory = `${cacheDirectory()}/deno/${version}-${name}`;
  const deno = `${directory}/package/deno`;
  if (exists(deno)) return deno;
  await need("npm", "npm");
  say(`getting Deno ${version} for ${platform} (npm package)`);
  using part = new TemporaryDirectory({ dir: `${cacheDirectory()}/deno`, prefix: "part." });
  await download(`@deno/${name}@${version}`, part.path).catch(failing(
    `Cannot get Deno ${version} for ${platform} from npm`,
    "--platform makes the archives of some platforms only",
  ));
  if (!exists(directory)) Deno.renameSync(part.path, directory);
  return deno;
}

async function download(name: string, directory: string): Promise<void> {
  const archive = (await runShown(["npm", "pack", "--loglevel=error", name], { cwd: directory })).trim();
  await runShown(["tar", "-xzf", archive], { cwd: directory });
  remove(`${directory}/${archive}`);
  Deno.chmodSync(`${directory}/package/deno`, 0o755);
}
