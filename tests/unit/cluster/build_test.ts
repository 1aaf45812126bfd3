import assert from "node:assert/strict";
import { buildKey, kubernetesVariables, linkerFlags, moduleVersion } from "../../cluster/build.ts";

Deno.test("moduleVersion() reads a requirement, in a block or alone", () => {
  const goMod =
    "module m\n\nrequire (\n\texample.test/a v1.2.3\n\texample.test/b v0.1.0 // indirect\n)\nrequire example.test/c v2.0.0\n";
  assert.equal(moduleVersion(goMod, "example.test/a"), "v1.2.3");
  assert.equal(moduleVersion(goMod, "example.test/b"), "v0.1.0");
  assert.equal(moduleVersion(goMod, "example.test/c"), "v2.0.0");
  assert.throws(() => moduleVersion(goMod, "example.test"), {
    message: 'Cannot find the module "example.test" in go.mod',
  });
});

Deno.test("linkerFlags() strips and sets variables", () => {
  assert.equal(linkerFlags({}), "-s -w");
  assert.equal(linkerFlags({ "a.B": "1", "c.D": "2" }), "-s -w -X a.B=1 -X c.D=2");
});

Deno.test("kubernetesVariables() sets the version of the servers and of the client", () => {
  assert.deepEqual(kubernetesVariables("v1.36.3"), {
    "k8s.io/component-base/version.gitVersion": "v1.36.3",
    "k8s.io/component-base/version.gitMajor": "1",
    "k8s.io/component-base/version.gitMinor": "36",
    "k8s.io/client-go/pkg/version.gitVersion": "v1.36.3",
    "k8s.io/client-go/pkg/version.gitMajor": "1",
    "k8s.io/client-go/pkg/version.gitMinor": "36",
  });
});

Deno.test("buildKey() changes with every input, and with where one ends", () => {
  assert.equal(buildKey(["a", "b"]), buildKey(["a", "b"]));
  const keys = [["a", "b"], ["b", "a"], ["ab"], ["ab", ""], ["a", "c"]].map(buildKey);
  assert.equal(new Set(keys).size, keys.length);
});
