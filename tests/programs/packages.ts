import { PACKAGES as CLUSTER_PACKAGES } from "../cluster/packages.ts";

/** Debian packages whose programs the tests and the scripts that they run take from PATH; the cluster has a list of its own. */
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
  "socat",
  "strace",
  "tmux",
  "zsh",
] as const;

/** Programs that must be there before, see README, "No cluster?". Deno is found by the scripts themselves. */
export const PREREQUISITES = ["go", "gofmt", "node", "npm", "npx"] as const;

/** All packages that a whole run of the tests needs, by name. */
export const ALL_PACKAGES: readonly string[] = [...new Set([...TEST_PACKAGES, ...Object.keys(CLUSTER_PACKAGES)])]
  .toSorted();
