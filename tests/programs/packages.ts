import { PACKAGES as CLUSTER_PACKAGES } from "../cluster/packages.ts";

/** Debian packages whose programs the tests and their scripts take from PATH; the cluster has a list of its own. */
const TEST_PACKAGES = [
  "apt",
  "bsdutils", // script
  "buildah",
  "fish",
  "fping", // --via local ping
  "gcc",
  "gdb",
  "libc6-dev",
  "mandoc",
  "mmdebstrap",
  "procps",
  "shellcheck",
  "socat",
  "strace",
  "tmux",
  "zsh",
] as const;

/** Programs that must be installed before, see README, "No cluster?". The scripts find Deno by themselves. */
export const PREREQUISITES = ["go", "gofmt", "node", "npm", "npx"] as const;

/** Names of all packages that a whole run of the tests needs. */
export const ALL_PACKAGES: readonly string[] = [...new Set([...TEST_PACKAGES, ...Object.keys(CLUSTER_PACKAGES)])]
  .toSorted();
