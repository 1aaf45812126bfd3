import { DIST, ROOT } from "../lib/paths.ts";

/** A bundle of some programs, in a directory of its own. */
export interface Bundle {
  /** Directory of the entries, from the root of the checkout. */
  readonly sources: string;
  readonly entries: readonly string[];
  /** Chunks that are loaded when they are needed. */
  readonly splitting: boolean;
  /** Contains the texts that are printed without the program. */
  readonly texts?: boolean;
  /** Files to copy beside it: from → to. */
  readonly copies: Readonly<Record<string, string>>;
}

const ofImage = ["reaper", "run", "bashrc", "gdb.py"].map((name) => [
  `${ROOT}/src/images/endoscope/${name}`,
  `${DIST}/manager/${name}`,
]);

export type BundleName = "cli" | "file" | "manager" | "helpers";

/** All bundles, by the name of their directories in dist/. */
export const bundles: Readonly<Record<BundleName, Bundle>> = {
  cli: {
    sources: "src",
    entries: ["main.ts", "cli/main.ts", "cli/complete.ts"],
    splitting: true,
    texts: true,
    copies: {},
  },
  file: {
    sources: "src",
    entries: ["one_file.ts"],
    splitting: false,
    copies: { [`${DIST}/file/one_file.js`]: `${DIST}/scope.js` },
  },
  // The image has these files in one directory, and so has --via local.
  manager: {
    sources: "src/manager/server",
    entries: ["manager.ts", "files_worker.ts"],
    splitting: true,
    copies: Object.fromEntries(ofImage),
  },
  helpers: {
    sources: "src/helpers",
    entries: ["tcp_ping.ts"],
    splitting: true,
    copies: { [`${DIST}/helpers/tcp_ping.js`]: `${DIST}/manager/tcp_ping.js` },
  },
};

export function isBundle(name: string): name is BundleName {
  return Object.hasOwn(bundles, name);
}
