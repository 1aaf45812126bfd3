import { UsageError } from "../lib/errors.ts";
import { runScript } from "../lib/script.ts";
import { bundle } from "./bundle.ts";
import { type BundleName, bundles, isBundle } from "./bundles.ts";

const USAGE = `Usage: scripts/bundle [cli] [file] [manager] [helpers]

Bundles the command line (dist/cli; as one file, dist/scope.js), the manager (dist/manager) and the small programs of the
image (dist/helpers), each only when its sources changed. The directory loads what a command needs, and so it starts faster than
the one file.
`;

await runScript(USAGE, async (args) => {
  const names = args.length === 0 ? Object.keys(bundles) : args;
  const unknown = names.find((name) => !isBundle(name));
  if (unknown !== undefined) throw new UsageError(`Unknown bundle "${unknown}"`);
  await bundle(...names as BundleName[]);
});
