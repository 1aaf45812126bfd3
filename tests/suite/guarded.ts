/** A test file that runs only after a change of what it tests. */
export interface Guarded {
  readonly file: string;
  /** Paths of the checkout; directories with everything in them. */
  readonly tests: readonly string[];
}

/** Paths that every test on the cluster uses. */
const harness = ["deno.json", "deno.lock", "scripts/lib.sh", "tests/cluster", "tests/e2e"];

/** The files that take long and test what seldom changes, each with everything that can break it. */
export const guarded: readonly Guarded[] = [
  { file: "tests/e2e/redir_faults_test.ts", tests: [...harness, "src", "tests/faults"] },
  {
    file: "tests/e2e/cluster_lifecycle_test.ts",
    tests: [
      ...["deno.json", "deno.lock", "scripts/lib.sh", "scripts/cluster", "tests/cluster"],
      ...["tests/e2e/cluster_leftovers.ts", "tests/e2e/cluster_script.ts"],
    ],
  },
  {
    file: "tests/e2e/packages_test.ts",
    tests: [...harness, "LICENSE", "deploy", "packages", "scripts", "src", "tests/programs"],
  },
];
