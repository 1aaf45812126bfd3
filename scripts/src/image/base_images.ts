import { failing } from "../lib/errors.ts";
import { exists, remove } from "../lib/files.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { trixieSources } from "./debian_sources.ts";

/** Runs buildah with these arguments, and returns its stdout. */
export type RunBuildah = (args: readonly string[], options?: { onLine(line: string): void }) => Promise<string>;

/**
 * Makes the base images of the Dockerfile on this machine, for builds that cannot reach a registry, and returns options with
 * their names. Images of localhost/ cannot be published by anyone.
 */
export async function makeBaseImages(directory: string, buildah: RunBuildah): Promise<string[]> {
  const debian = "localhost/scope/debian:trixie";
  const deno = `localhost/scope/deno:${Deno.version.deno}`;
  await makeBaseImage(debian, await debianBase(directory), "/", buildah);
  await makeBaseImage(deno, Deno.execPath(), "/deno", buildah);
  return ["--build-arg", `DEBIAN=${debian}`, "--build-arg", `DENO=${deno}`];
}

/** Makes an image of one file or archive, added at a path. */
async function makeBaseImage(name: string, content: string, path: string, buildah: RunBuildah): Promise<void> {
  const there = await buildah(["images", "--quiet", name], { onLine: () => {} }).then(() => true, () => false);
  if (there) return;
  say(`making the base image ${name}`);
  const container = (await buildah(["from", "scratch"])).trim();
  await buildah(["add", "--quiet", container, content, path]);
  await buildah(["commit", "--quiet", container, name]);
  await buildah(["rm", container]);
}

/** Returns an archive of a small Debian trixie, made on first use from this machine's package sources. */
async function debianBase(directory: string): Promise<string> {
  await need("mmdebstrap", "mmdebstrap");
  const archive = `${directory}/trixie.tar`, part = `${directory}/trixie.part.tar`;
  if (exists(archive)) return archive;
  say("making a Debian trixie base with mmdebstrap");
  using scratch = new TemporaryDirectory();
  // mmdebstrap detects the format by the file name.
  const sources = `${scratch.path}/sources`;
  Deno.writeTextFileSync(sources, trixieSources());
  try {
    await runShown(["mmdebstrap", "--quiet", "--variant=minbase", "trixie", part, sources])
      .catch(failing("Cannot make a Debian base with mmdebstrap"));
    Deno.renameSync(part, archive);
  } finally {
    remove(part);
  }
  return archive;
}
