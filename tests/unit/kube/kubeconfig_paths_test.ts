import assert from "node:assert/strict";
import { kubeconfigPaths } from "../../../src/kube/kubeconfig_paths.ts";

const env = { KUBECONFIG: "a::b", HOME: "/home/eve" };

for (
  const [what, place, paths, byDefault] of [
    ["the file that is given", { kubeconfig: "x:y", env }, ["x:y"], false],
    ["the files of $KUBECONFIG", { env }, ["a", "b"], false],
    [
      "that of the home where $KUBECONFIG is empty",
      { env: { ...env, KUBECONFIG: "" } },
      ["/home/eve/.kube/config"],
      true,
    ],
    [
      "that of the home where $KUBECONFIG names none",
      { env: { ...env, KUBECONFIG: ":" } },
      ["/home/eve/.kube/config"],
      true,
    ],
    ["no file for a user without a home", { env: { HOME: "" } }, [], true],
    ["no file without an environment", {}, [], true],
  ] as const
) {
  Deno.test(`kubeconfigPaths() takes ${what}`, () => {
    assert.deepEqual(kubeconfigPaths(place), { paths, byDefault });
  });
}
