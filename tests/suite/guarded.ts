/** A test file that runs only after a change of what it tests. */
export interface Guarded {
  readonly file: string;
  /** Paths of the checkout; directories with everything in them. */
  readonly tests: readonly string[];
}

/** What every test on the cluster uses. */
const harness = ["deno.json", "deno.lock", "scripts/lib.sh", "tests/cluster", "tests/e2e"];

/** The files that test what seldom changes, and take long. */
export const guarded: readonly Guarded[] = [
  {
    file: "tests/e2e/redir_faults_test.ts",
    tests: [
      ...[...harness, "tests/faults", "src/features/redirect", "src/manager", "src/images", "src/helpers"],
      ...["src/connect", "src/kube", "src/lib", "src/context.ts", "src/errors.ts", "src/way.ts", "src/target.ts"],
    ],
  },
  {
    file: "tests/e2e/cluster_lifecycle_test.ts",
    tests: ["deno.json", "deno.lock", "scripts/cluster", "tests/cluster"],
  },
  {
    file: "tests/e2e/packages_test.ts",
    tests: [...harness, "LICENSE", "deploy", "packages", "scripts", "src/main.ts", "src/cli", "src/app.ts"],
  },
];
