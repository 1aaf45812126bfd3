import { version } from "../../../src/version.ts";
import { failing } from "../lib/errors.ts";
import { need } from "../lib/need.ts";
import { runShown } from "../lib/run.ts";
import { stage } from "./stage.ts";
import { fillTemplate } from "./template.ts";
import type { Workspace } from "./workspace.ts";

/** Makes the npm package. */
export async function packageNpm(workspace: Workspace): Promise<void> {
  await need("npm", "npm");
  const directory = workspace.path("npm");
  await stage(directory, workspace.choices.image);
  for (const file of ["package.json", "README.md"]) {
    const text = fillTemplate(`npm/${file}`, { VERSION: version, DENO: Deno.version.deno });
    Deno.writeTextFileSync(`${directory}/${file}`, text);
  }
  await runShown(["npm", "pack", "--silent", "--pack-destination", workspace.path("")], { cwd: directory })
    .catch(failing("Cannot make the npm package"));
  workspace.finish(workspace.path(`scope-endoscope-cli-${version}.tgz`));
}
