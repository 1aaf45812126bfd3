import assert from "node:assert/strict";
import { proxyFor } from "../../../src/kube/proxy.ts";

const through = "http://proxy.corp:3128";
const env = { HTTPS_PROXY: through };

Deno.test("proxyFor() takes the proxy of the server's scheme, in capitals first, and a scheme where it has none", () => {
  assert.equal(proxyFor("https://api.corp:6443", {}), undefined);
  assert.equal(proxyFor("https://api.corp:6443", env), through);
  assert.equal(proxyFor("https://api.corp:6443", { https_proxy: "proxy.corp:3128" }), through);
  assert.equal(proxyFor("https://api.corp", { ...env, https_proxy: "http://other" }), through);
  assert.equal(proxyFor("http://api.corp", env), undefined);
  assert.equal(proxyFor("http://api.corp", { http_proxy: "socks5://proxy:1080" }), "socks5://proxy:1080");
  assert.equal(proxyFor("https://[2001:db8::1]:6443/k8s", env), through);
});

Deno.test("proxyFor() goes directly to this machine", () => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) {
    assert.equal(proxyFor(`https://${host}:6443`, env), undefined, host);
  }
});

Deno.test("proxyFor() heeds NO_PROXY as Go does", () => {
  const goes = (server: string, ...entries: string[]) =>
    proxyFor(server, { ...env, NO_PROXY: entries.join(",") }) === undefined;
  assert.ok(goes("https://api.corp", "*"));
  assert.ok(goes("https://api.corp", "other", " corp"));
  assert.ok(goes("https://API.corp:6443", "api.corp"));
  assert.ok(goes("https://api.corp", ".corp"));
  assert.ok(goes("https://api.corp", "*.corp"));
  assert.ok(!goes("https://corp", ".corp"));
  assert.ok(goes("https://corp", "corp"));
  assert.ok(!goes("https://api.mycorp", "corp"));
  assert.ok(goes("https://api.corp:6443", "api.corp:6443"));
  assert.ok(!goes("https://api.corp:6443", "api.corp:443"));
  assert.ok(goes("https://api.corp", "api.corp:443"));
  assert.ok(goes("https://10.1.2.3:6443", "10.0.0.0/8"));
  assert.ok(!goes("https://11.1.2.3:6443", "10.0.0.0/8", "10.0.0.0/99", "corp/8"));
  assert.ok(goes("https://10.1.2.3:6443", "10.1.2.3"));
  assert.ok(!goes("https://10.1.2.3:6443", "3", "10.1.2.4", "10.1.2.3:1"));
  assert.ok(goes("https://[2001:db8::1]:6443", "2001:db8::/32"));
  assert.ok(goes("https://[2001:db8::1]:6443", "2001:db8:0::1"));
  assert.ok(goes("https://[2001:db8::1]:6443", "[2001:db8::1]:6443"));
  assert.equal(proxyFor("https://api.corp", { ...env, no_proxy: "api.corp" }), undefined);
});
