import { currentImage } from "../image/image.ts";
import { provideImage } from "../image/provide.ts";
import { remove } from "../lib/files.ts";
import { say } from "../lib/output.ts";
import { runCleanup, runShown } from "../lib/run.ts";

/** Unpacks the image into a new directory, adds the system files that its programs need, and returns the directory. */
export async function unpackImage(scratch: string): Promise<string> {
  const image = await currentImage();
  await provideImage(image, { load: false, pull: false, push: undefined });
  const root = `${scratch}/image`, archive = `${scratch}/layers`;
  for (const directory of [root, archive]) Deno.mkdirSync(directory);
  for (const directory of [scratch, root]) Deno.chmodSync(directory, 0o755);
  say(`unpacking ${image.name}`);
  await runShown(["tar", "-xf", image.archive, "-C", archive]);
  for (const layer of layersOf(archive)) await runShown(["tar", "-xf", layer, "-C", root]);
  remove(archive);
  await runCleanup(["mknod", "-m", "666", `${root}/dev/null`, "c", "1", "3"]);
  Deno.writeTextFileSync(`${root}/etc/hosts`, "127.0.0.1 localhost\n");
  Deno.writeTextFileSync(`${root}/etc/resolv.conf`, "");
  return root;
}

/** Returns the files of the layers, the lowest first (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). */
function layersOf(archive: string): string[] {
  const blob = ({ digest }: { digest: string }) => `${archive}/blobs/${digest.replace(":", "/")}`;
  const read = (file: string) => JSON.parse(Deno.readTextFileSync(file));
  const { layers } = read(blob(read(`${archive}/index.json`).manifests[0]));
  return layers.map(blob);
}
