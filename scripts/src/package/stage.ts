import { flags } from "../../../src/terminal/flags.ts";
import { bundle } from "../bundle/bundle.ts";
import { copy } from "../lib/files.ts";
import { DIST, ROOT } from "../lib/paths.ts";
import { bakeImage } from "./bake.ts";
import { licenses } from "./licenses.ts";
import { fillTemplate } from "./template.ts";

/** Fills a directory with the files that the npm package and the archives of krew have in common. */
export async function stage(directory: string, image: string | undefined): Promise<void> {
  await bundle("cli", "manager", "helpers");
  // Only the files of this bundle, without leftovers of older ones.
  const cli = Deno.readTextFileSync(`${DIST}/cli/files`).trim().split("\n");
  for (const file of cli) copy(`${DIST}/cli/${file}`, `${directory}/cli/${file}`);
  bakeImage(cli.map((file) => `${directory}/cli/${file}`), image);
  for (const file of ["manager.js", "files_worker.js", "reaper", "run", "bashrc", "gdb.py", "tcp_ping.js"]) {
    copy(`${DIST}/manager/${file}`, `${directory}/manager/${file}`);
  }
  Deno.mkdirSync(`${directory}/bin`);
  const launcher = fillTemplate("launcher", { FLAGS: flags.map(({ flag }) => flag).join(" ") });
  for (const name of ["scope", "kubectl-scope"]) {
    Deno.writeTextFileSync(`${directory}/bin/${name}`, launcher);
    Deno.chmodSync(`${directory}/bin/${name}`, 0o755);
  }
  copy(`${ROOT}/packages/kubectl_complete-scope`, `${directory}/bin/kubectl_complete-scope`);
  Deno.chmodSync(`${directory}/bin/kubectl_complete-scope`, 0o755);
  copy(`${ROOT}/LICENSE`, `${directory}/LICENSE`);
  Deno.writeTextFileSync(`${directory}/THIRD-PARTY-LICENSES`, await licenses());
}
