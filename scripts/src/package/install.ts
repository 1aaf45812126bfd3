import { flags, permissions } from "../../../src/terminal/flags.ts";
import { version } from "../../../src/version.ts";
import { bundle } from "../bundle/bundle.ts";
import { print, say } from "../lib/output.ts";
import { DIST, ROOT } from "../lib/paths.ts";
import { bakeImage } from "./bake.ts";
import type { Workspace } from "./workspace.ts";

/** Makes the one file with the whole command line, and prints the commands that install it or this checkout. */
export async function packageFile(workspace: Workspace): Promise<void> {
  const file = workspace.keep(await oneFile(workspace, `scope-${version}.js`));
  say("the one file, from any directory:");
  print(installCommand(flags.map(({ flag }) => flag), file));
  say("or this checkout, whose changes it follows:");
  const checkout = ["--config", `${ROOT}/deno.json`, "--quiet", "--no-prompt"];
  print(installCommand([...checkout, ...permissions.map(({ flag }) => flag)], `${ROOT}/src/main.ts`));
}

/** Copies the one file into the workspace, with the image's name, and returns its path. */
export async function oneFile(workspace: Workspace, name: string): Promise<string> {
  await bundle("file");
  const file = workspace.path(name);
  Deno.copyFileSync(`${DIST}/scope.js`, file);
  bakeImage([file], workspace.choices.image);
  return file;
}

function installCommand(options: readonly string[], file: string): string {
  return ["deno install --global --name scope", ...options, file].join(" ");
}
