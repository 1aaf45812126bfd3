import { dirname } from "node:path";
import { failing } from "../lib/errors.ts";
import { copyIfDifferent, remove, textOf, writeAtomically } from "../lib/files.ts";
import { lock } from "../lib/lock.ts";
import { DIST, ROOT } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { type Bundle, type BundleName, bundles } from "./bundles.ts";
import { replaceFiles } from "./replace.ts";
import { sourcesStamp } from "./stamp.ts";

/** Makes these bundles in dist/, each only when its sources changed. */
export async function bundle(...names: readonly BundleName[]): Promise<void> {
  Deno.mkdirSync(DIST, { recursive: true });
  const stamp = await sourcesStamp();
  for (const name of names) {
    await bundleOnce(name, stamp);
    for (const [from, to] of Object.entries(bundles[name].copies)) copyIfDifferent(from, to);
  }
}

async function bundleOnce(name: BundleName, stamp: string): Promise<void> {
  const out = `${DIST}/${name}`, file = `${out}/stamp`;
  if (textOf(file) === stamp) return;
  using _lock = await lock(`${DIST}/lock`, "another scripts/bundle in this checkout");
  if (textOf(file) === stamp) return;
  const part = `${DIST}/part.${Deno.pid}`;
  remove(part);
  try {
    await makeBundle(bundles[name], part);
    // An interrupted replacement leaves no stamp.
    remove(file);
    replaceFiles(part, out);
    writeAtomically(file, stamp);
  } finally {
    remove(part);
  }
}

/** Bundles each entry by itself: together they would share chunks, and small entries would load too much. */
async function makeBundle({ sources, entries, splitting, texts }: Bundle, directory: string): Promise<void> {
  const options = ["--quiet", "--platform", "deno", "--minify", ...splitting ? ["--code-splitting"] : []];
  for (const entry of entries) {
    const out = ["--outdir", `${directory}/${dirname(entry)}`];
    await runShown([Deno.execPath(), "bundle", ...options, ...out, `${sources}/${entry}`], { cwd: ROOT })
      .catch(failing(`Cannot bundle ${sources}/${entry}`));
  }
  for (const [file, text] of texts ? (await import("./texts.ts")).texts() : []) {
    Deno.mkdirSync(dirname(`${directory}/${file}`), { recursive: true });
    Deno.writeTextFileSync(`${directory}/${file}`, text);
  }
}
