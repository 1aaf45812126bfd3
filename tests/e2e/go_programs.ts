import { buildKey, findGo } from "../cluster/build.ts";
import { lockFile } from "../cluster/lock.ts";
import { run } from "../cluster/processes.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";

/**
 * Returns the directory of the programs that the go.mod in tests/e2e/NAME lists as tools, in its versions. Builds them on the
 * first use, which takes a minute or two.
 */
export async function buildGoPrograms(name: string): Promise<string> {
  const module = `${CHECKOUT}/tests/e2e/${name}`;
  const lib = '. "$(dirname -- "$0")/lib.sh" && printf %s "$SCOPE_CACHE"';
  const cache = (await outcome("sh", ["-c", lib, `${CHECKOUT}/scripts/test`])).stdout;
  const go = await findGo(), flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
  const sources = ["go.mod", "go.sum"].map((file) => Deno.readTextFileSync(`${module}/${file}`));
  const directory = `${cache}/programs/${name}-${buildKey([await run([go, "version"]), ...flags, ...sources])}`;
  if (await isDirectory(directory)) return directory;
  await Deno.mkdir(`${cache}/programs`, { recursive: true });
  using _lock = await lockFile(`${directory}.lock`, () => {});
  if (!await isDirectory(directory)) {
    // Renamed when complete: an interrupted build leaves a partial directory, which the next build removes.
    const part = `${directory}.part`;
    await Deno.remove(part, { recursive: true }).catch(() => {});
    const env = { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" };
    await run([go, "build", ...flags, "-o", `${part}/`, "tool"], { cwd: module, env });
    await Deno.rename(part, directory);
  }
  return directory;
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
