import { basename } from "node:path";
import { exists } from "../lib/files.ts";
import { say } from "../lib/output.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { findBuilder } from "./builder.ts";
import { type Image, imagesDirectory } from "./image.ts";
import { lockImages } from "./lock.ts";

/** Number of built images that stay in the cache. */
const KEPT = 3;

/** Builds the image, unless another checkout does so meanwhile. */
export async function buildOnce({ name, files, archive }: Image, pull: boolean): Promise<void> {
  using _lock = await lockImages();
  if (exists(archive)) return;
  say(`building ${name} (the first time takes a few minutes)`);
  using context = new TemporaryDirectory();
  for (const file of files) Deno.copyFileSync(file, `${context.path}/${basename(file)}`);
  const builder = await findBuilder(pull);
  await builder.build(name, context.path, `${archive}.part`);
  Deno.renameSync(`${archive}.part`, archive);
  removeOldArchives(imagesDirectory());
}

/** Keeps only the newest archives. */
export function removeOldArchives(directory: string): void {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
  const archives = names.filter((name) => /^endoscope-.*\.tar$/.test(name)).map((name) => `${directory}/${name}`);
  const time = (file: string) => Deno.statSync(file).mtime?.getTime() ?? 0;
  for (const file of archives.sort((one, other) => time(other) - time(one)).slice(KEPT)) Deno.removeSync(file);
}
