import { version } from "../../../src/version.ts";
import { sha256 } from "../lib/hash.ts";
import { cacheDirectory } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { findForeignDeno } from "./foreign_deno.ts";
import { stage } from "./stage.ts";
import { fillTemplate } from "./template.ts";
import type { Workspace } from "./workspace.ts";

/** Makes the archives of the plugin for kubectl, one for each platform, and the manifest that names them. */
export async function packagePlugin(workspace: Workspace): Promise<void> {
  const { image, platforms, url } = workspace.choices;
  const denos: [string, string][] = [];
  // Fail early if one is missing, before minutes of packing.
  for (const platform of platforms) denos.push([platform, await findForeignDeno(platform)]);
  const directory = workspace.path("krew");
  await stage(directory, image);
  const license = `${cacheDirectory()}/deno/${Deno.version.deno}/node_modules/deno/LICENSE`;
  Deno.copyFileSync(license, `${directory}/LICENSE.deno`);

  let text = manifest(fillTemplate("krew/scope.yaml", { VERSION: version }), image);
  for (const [platform, deno] of denos) {
    Deno.copyFileSync(deno, `${directory}/deno`);
    const name = `scope-${version}-${platform}.tar.gz`, archive = workspace.path(name);
    await pack(directory, archive);
    const [os = "", arch = ""] = platform.split("-");
    const SHA256 = await sha256(Deno.readFileSync(archive));
    text += fillTemplate("krew/platform.yaml", { OS: os, ARCH: arch, URL: url, FILE: name, SHA256 });
    workspace.finish(archive);
  }
  Deno.writeTextFileSync(workspace.path("scope.yaml"), text);
  workspace.finish(workspace.path("scope.yaml"));
}

/** Returns the manifest without its comments. With a packaged image it tells users nothing about SCOPE_IMAGE. */
export function manifest(template: string, image: string | undefined): string {
  const text = template.replaceAll(/^#.*\n/gm, "");
  return image === undefined ? text : text.replace(/^ *Tell scope where[^]*? export SCOPE_IMAGE.*\n/m, "");
}

/** Packs a directory. Reproducible: the same sources give the same archive. */
async function pack(directory: string, archive: string): Promise<void> {
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go-w", "--mtime=@0"];
  const names = [...Deno.readDirSync(directory)].map(({ name }) => `./${name}`).sort();
  await runShown(["tar", ...same, "--use-compress-program=gzip -n", "-cf", archive, ...names], { cwd: directory });
}
