import assert from "node:assert/strict";
import { kubeconfig } from "../../cluster/kubeconfig.ts";

Deno.test("kubeconfig() holds everything inside", () => {
  const signIn = { server: "https://10.200.7.1:6443", authority: "A", certificate: "C", key: "K" };
  assert.deepEqual(kubeconfig("scope7", signIn), {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "scope7",
      cluster: { server: "https://10.200.7.1:6443", "certificate-authority-data": "QQ==" },
    }],
    users: [{ name: "scope7", user: { "client-certificate-data": "Qw==", "client-key-data": "Sw==" } }],
    contexts: [{ name: "scope7", context: { cluster: "scope7", user: "scope7" } }],
    "current-context": "scope7",
  });
});
