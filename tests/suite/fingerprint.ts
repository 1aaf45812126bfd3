import { filesBelow } from "../../scripts/src/lib/files.ts";
import { sha256 } from "../../scripts/src/lib/hash.ts";

/**
 * Returns a hash of the names and contents of all files in these paths of a directory; of the tests just those that are named
 * themselves, as no file depends on a test. Throws if a path does not exist.
 */
export async function fingerprint(root: string, paths: readonly string[]): Promise<string> {
  const files = paths.flatMap((path) => {
    const { isDirectory } = Deno.statSync(`${root}/${path}`);
    return isDirectory
      ? filesBelow(`${root}/${path}`).filter((file) => !file.endsWith("_test.ts")).map((file) => `${path}/${file}`)
      : [path];
  });
  const contents = files.toSorted().map((file) => Deno.readFileSync(`${root}/${file}`));
  const names = files.toSorted().map((file, at) => `${file} ${contents[at]!.length}`).join("\n");
  return await sha256(new TextEncoder().encode(names), ...contents);
}
