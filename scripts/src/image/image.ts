import { bundle } from "../bundle/bundle.ts";
import { filesBelow } from "../lib/files.ts";
import { sha256 } from "../lib/hash.ts";
import { cacheDirectory, DIST, ROOT } from "../lib/paths.ts";

/** Directory of the Dockerfile and of the files beside it. */
export const SOURCES = `${ROOT}/src/images/endoscope`;

/** The image of this checkout. */
export interface Image {
  /** Its tag is a hash of the files that go in. */
  readonly name: string;
  /** Paths of the files of the build context. */
  readonly files: readonly string[];
  /** Path of its archive, once it is built. */
  readonly archive: string;
}

/** Returns the directory of the built images, which all checkouts share. */
export function imagesDirectory(): string {
  return `${cacheDirectory()}/images`;
}

/** Bundles the programs of the image, and returns the image that they make. */
export async function currentImage(): Promise<Image> {
  await bundle("manager", "helpers");
  const helpers = filesBelow(`${DIST}/helpers`).filter((file) => file.endsWith(".js"));
  const files = [
    ...filesBelow(SOURCES).map((file) => `${SOURCES}/${file}`),
    ...["manager.js", "files_worker.js"].map((file) => `${DIST}/manager/${file}`),
    ...helpers.map((file) => `${DIST}/helpers/${file}`),
  ];
  const hash = (await sha256(...files.map((file) => Deno.readFileSync(file)))).slice(0, 12);
  return { name: `localhost/scope/endoscope:${hash}`, files, archive: `${imagesDirectory()}/endoscope-${hash}.tar` };
}
