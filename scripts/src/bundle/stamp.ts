import { createHash } from "node:crypto";
import { filesBelow } from "../lib/files.ts";
import { ROOT } from "../lib/paths.ts";

/** Returns a hash of everything that can change a bundle. */
export function sourcesStamp(): string {
  const hash = createHash("sha256");
  for (const file of sources()) hash.update(`${file}\0`).update(Deno.readFileSync(`${ROOT}/${file}`));
  return hash.digest("hex");
}

function sources(): string[] {
  const below = (directory: string) => filesBelow(`${ROOT}/${directory}`).map((file) => `${directory}/${file}`);
  const code = ["src", "scripts/src/bundle"].flatMap(below).filter((file) => file.endsWith(".ts"));
  return ["deno.json", "deno.lock", ...below("deploy"), ...code];
}
