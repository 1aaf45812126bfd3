import { lock } from "../lib/lock.ts";
import { imagesDirectory } from "./image.ts";

/** Locks the built images and buildah's storage, which all checkouts share. */
export async function lockImages(): Promise<Disposable> {
  const directory = imagesDirectory();
  Deno.mkdirSync(directory, { recursive: true });
  return await lock(`${directory}/lock`, `another scripts/image, which builds in ${directory}`);
}
