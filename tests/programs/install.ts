import { installDebian, isDebian } from "../cluster/packages.ts";
import { run } from "../cluster/processes.ts";
import { Progress } from "../cluster/progress.ts";
import { closureOf, LISTING, parseInstalled } from "./closure.ts";
import { fillDirectory, merged, programsOf } from "./directory.ts";
import { ALL_PACKAGES, PREREQUISITES } from "./packages.ts";
import { which } from "./which.ts";

/**
 * Installs the Debian packages that a whole run of the tests needs, fills the directory with symlinks to their programs, and
 * returns the PATH for the tests. That PATH contains no other program of this machine, so that a program that no script
 * installs is missing here as well, and not only on machines where nobody has installed it by hand. On other distributions
 * the PATH is the machine's own. Throws ClusterError.
 */
export async function programsPath(directory: string, signal: AbortSignal): Promise<string> {
  if (!await isDebian()) return Deno.env.get("PATH") ?? "";
  using progress = new Progress();
  await installDebian(ALL_PACKAGES, progress, signal);
  const packages = closureOf(parseInstalled(await run(["dpkg-query", "-W", "-f", LISTING])), ALL_PACKAGES);
  const files = new Set((await run(["dpkg-query", "-L", ...packages])).split("\n").map(merged));
  const programs = programsOf(files);
  for (const name of PREREQUISITES) {
    const path = which(name) ?? (name.startsWith("go") ? `/usr/local/go/bin/${name}` : undefined);
    if (path !== undefined) programs.set(name, path);
  }
  fillDirectory(directory, programs);
  return directory;
}
