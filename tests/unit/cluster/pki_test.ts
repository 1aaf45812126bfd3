import assert from "node:assert/strict";
import { certificates, opensslConfig } from "../../cluster/pki.ts";
import { planCluster } from "../../cluster/plan.ts";

const plan = planCluster(7);

Deno.test("certificates() signs every component in under its own name", () => {
  const subjects = Object.fromEntries(certificates(plan).map(({ name, subject }) => [name, subject]));
  assert.deepEqual(subjects, {
    "apiserver": "/CN=kube-apiserver",
    "kubelet-client": "/O=system:masters/CN=apiserver-kubelet-client",
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
    "node1": "/O=system:nodes/CN=system:node:node1",
    "node2": "/O=system:nodes/CN=system:node:node2",
  });
});

Deno.test("certificates() names the addresses that servers are reached by", () => {
  const alternatives = Object.fromEntries(certificates(plan).map(({ name, alternatives }) => [name, alternatives]));
  assert.ok(alternatives["apiserver"]?.includes("IP:10.200.7.1"));
  assert.ok(alternatives["apiserver"]?.includes("IP:10.96.0.1"));
  assert.deepEqual(alternatives["node2"], ["DNS:node2", "IP:10.200.7.12", "IP:fd5c:1:7::12"]);
});

Deno.test("opensslConfig() lets the authority alone sign", () => {
  assert.match(opensslConfig("authority"), /^basicConstraints=critical,CA:TRUE$/m);
  const leaf = opensslConfig({ name: "admin" });
  assert.match(leaf, /^basicConstraints=critical,CA:FALSE$/m);
  assert.match(leaf, /^subjectAltName=DNS:admin$/m);
});
