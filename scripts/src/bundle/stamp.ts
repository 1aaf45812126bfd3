import { filesBelow } from "../lib/files.ts";
import { sha256 } from "../lib/hash.ts";
import { ROOT } from "../lib/paths.ts";

/** Returns a hash of everything that can change a bundle. */
export async function sourcesStamp(): Promise<string> {
  const files = sources();
  const names = new TextEncoder().encode(files.join("\n"));
  return await sha256(names, ...files.map((file) => Deno.readFileSync(`${ROOT}/${file}`)));
}

function sources(): string[] {
  const below = (directory: string) => filesBelow(`${ROOT}/${directory}`).map((file) => `${directory}/${file}`);
  const code = ["src", "scripts/src/bundle"].flatMap(below).filter((file) => file.endsWith(".ts"));
  return ["deno.json", "deno.lock", ...below("deploy"), ...code];
}
