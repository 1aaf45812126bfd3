import assert from "node:assert/strict";
import { contextNames, needsPlugin, quickConfig } from "../../../src/kube/quick_config.ts";

const plugin = { apiVersion: "client.authentication.k8s.io/v1", command: "x", interactiveMode: "Never" };

const config = (context: Record<string, unknown>, cluster: Record<string, unknown>, user: Record<string, unknown>) => ({
  path: "/home/me/.kube/config",
  text: JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", ...context } }],
    clusters: [{ name: "k", cluster: { server: "https://10.0.0.1:6443/", ...cluster } }],
    users: [{ name: "u", user }],
  }),
});

Deno.test("quickConfig() reads certificates and tokens, in the file and beside it", () => {
  const inside = config({ namespace: "shop" }, { "certificate-authority-data": btoa("CA") }, {
    "client-certificate-data": btoa("CERT"),
    "client-key-data": btoa("KEY"),
  });
  assert.deepEqual(quickConfig([inside]), {
    server: "https://10.0.0.1:6443",
    namespace: "shop",
    authority: { text: "CA" },
    certificate: { text: "CERT" },
    key: { text: "KEY" },
  });
  const client = config({}, { "certificate-authority": "ca.pem" }, { tokenFile: "/run/token" });
  assert.deepEqual(quickConfig([client]), {
    server: "https://10.0.0.1:6443",
    namespace: "default",
    authority: { file: "/home/me/.kube/ca.pem" },
    token: { file: "/run/token" },
  });
  assert.deepEqual(quickConfig([config({}, {}, { token: "t" })])?.token, { text: "t" });
});

Deno.test("quickConfig() leaves to the library what it does not know", () => {
  assert.equal(quickConfig([config({}, { "insecure-skip-tls-verify": true }, {})]), undefined);
  assert.equal(quickConfig([config({}, { "tls-server-name": "x" }, {})]), undefined);
  assert.equal(quickConfig([config({}, { "proxy-url": "http://x" }, {})]), undefined);
  assert.equal(quickConfig([config({}, { server: "http://localhost:8001" }, {})]), undefined);
  assert.equal(quickConfig([config({}, {}, { username: "me", password: "x" })]), undefined);
  assert.equal(quickConfig([config({}, {}, { as: "somebody" })]), undefined);
  assert.equal(quickConfig([config({}, {}, { token: "spare", tokenFile: "/run/token" })]), undefined);
  assert.equal(quickConfig([config({}, {}, { exec: plugin })]), undefined);
  assert.equal(quickConfig([]), undefined);
  assert.equal(quickConfig([config({}, {}, {})], "other"), undefined);
});

Deno.test("needsPlugin() tells of a credential plugin", () => {
  assert.equal(needsPlugin([config({}, {}, { exec: plugin })]), true);
  assert.equal(needsPlugin([config({}, {}, { "auth-provider": { name: "oidc" } })]), true);
  assert.equal(needsPlugin([config({}, {}, { token: "t" })]), false);
  assert.equal(needsPlugin([]), false);
});

Deno.test("contextNames() merges files, and the first to say something is right", () => {
  const first = { path: "/a/config", text: "current-context: two\ncontexts:\n- name: one\n  context: {cluster: x}\n" };
  const second = {
    path: "/b/config",
    text:
      "current-context: one\ncontexts:\n- name: one\n  context: {cluster: w}\n- name: two\n  context: {cluster: z}\n" +
      "clusters:\n- name: z\n  cluster: {server: 'https://z', certificate-authority: ca}\n",
  };
  assert.deepEqual(contextNames([first, second]), ["one", "two"]);
  assert.deepEqual(quickConfig([first, second]), {
    server: "https://z",
    namespace: "default",
    authority: { file: "/b/ca" },
  });
  assert.deepEqual(contextNames([{ path: "", text: "" }]), []);
});
