import { ScriptError } from "../lib/errors.ts";
import { writeAtomically } from "../lib/files.ts";
import { fill } from "./template.ts";

/** Placeholder of the image's name in src/version.ts. */
const PLACE = "packaged-image";

/** Writes the image's name into the files of a bundle that contain the placeholder. */
export function bakeImage(files: readonly string[], image: string | undefined): void {
  if (image === undefined) return;
  const places = files.filter((file) => Deno.readTextFileSync(file).includes(`@${PLACE}@`));
  if (places.length === 0) throw new ScriptError("Cannot find the place of the image's name in the bundle");
  for (const file of places) writeAtomically(file, fill(Deno.readTextFileSync(file), { [PLACE]: image }));
}
