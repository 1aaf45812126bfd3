import { createHash } from "node:crypto";

/** Returns a hash of the names and contents of all files in these paths of a directory. Throws if one does not exist. */
export function fingerprint(root: string, paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesIn(root, path)).toSorted()) {
    const content = Deno.readFileSync(`${root}/${file}`);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function filesIn(root: string, path: string): string[] {
  if (!Deno.statSync(`${root}/${path}`).isDirectory) return [path];
  return [...Deno.readDirSync(`${root}/${path}`)].flatMap(({ name }) => filesIn(root, `${path}/${name}`));
}
