import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { loadCluster } from "../../../src/kube/cluster.ts";
import { scope } from "../scope.ts";
import { apiServer, limits } from "./api_server.ts";

function failure(load: () => unknown): [string, string, string | undefined] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ScopeError);
    return [error.kind, error.message, error.hint];
  }
  assert.fail("it was loaded");
}

Deno.test("loadCluster() takes the context's namespace, or default", async () => {
  await using api = await apiServer(() => ({ status: 200, body: {} }));
  const kubeconfig = `${api.directory}/kubeconfig`;
  assert.equal(loadCluster({ ...limits, kubeconfig }).namespace, "shop");
  assert.equal(loadCluster({ ...limits, kubeconfig, context: "other" }).namespace, "default");
  assert.match(loadCluster({ ...limits, kubeconfig }).server, /^http:\/\/127\.0\.0\.1:\d+$/);
});

Deno.test("loadCluster() refuses a file or a context that there is not", async () => {
  await using api = await apiServer(() => ({ status: 200, body: {} }));
  const missing = `${api.directory}/none`;
  assert.deepEqual(failure(() => loadCluster({ ...limits, kubeconfig: missing })).slice(0, 2), [
    "notFound",
    `Cannot find the kubeconfig "${missing}"`,
  ]);
  assert.deepEqual(
    failure(() => loadCluster({ ...limits, kubeconfig: `${api.directory}/kubeconfig`, context: "prod" })),
    [
      "notFound",
      'Cannot find the context "prod" in the kubeconfig',
      "it has test, other",
    ],
  );
});

Deno.test("loadCluster() refuses a file that is no kubeconfig", async () => {
  await using api = await apiServer(() => ({ status: 200, body: {} }));
  for (const text of ["{[", "kind: Config\n", ""]) {
    const kubeconfig = `${api.directory}/bad`;
    Deno.writeTextFileSync(kubeconfig, text);
    assert.equal(failure(() => loadCluster({ ...limits, kubeconfig }))[0], "unreachable", JSON.stringify(text));
  }
});

Deno.test("scope says in two lines that there is no cluster", async () => {
  const { code, stdout, stderr } = await scope(["-p", "web", "pids"], { env: { KUBECONFIG: "" } });
  assert.deepEqual([code, stdout], [69, ""]);
  assert.match(stderr, /^error: Cannot find a cluster: there is no kubeconfig\nhint: .*--kubeconfig FILE\n$/);
});
