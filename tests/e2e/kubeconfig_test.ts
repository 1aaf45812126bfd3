import assert from "node:assert/strict";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { askQuickly } from "../../src/cli/complete.ts";
import { loadCluster } from "../../src/kube/cluster.ts";
import { textOf } from "../../src/kube/config_text.ts";
import { quickConfig } from "../../src/kube/quick_config.ts";
import { type Asked, AskedServers } from "./asked_servers.ts";
import { outcome } from "./cluster_script.ts";
import { type KubeconfigCase, kubeconfigCases } from "./kubeconfig_cases.ts";

/** Number of kubectl processes at once. */
const atOnce = 4;

const path = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;

Deno.test("kubectl and scope read the same kubeconfigs alike", async (t) => {
  await using servers = await AskedServers.start();
  const { directory, hosts } = servers, data = (name: string) => btoa(Deno.readTextFileSync(`${directory}/${name}`));
  const cases = kubeconfigCases({
    ...hosts,
    ...{ ca: `${directory}/ca.crt`, caData: data("ca.crt"), otherData: data("other.crt") },
    ...{ cert: `${directory}/me.crt`, certData: data("me.crt"), key: `${directory}/me.key`, keyData: data("me.key") },
  });
  const waiting = [...cases.entries()];
  const read = await Promise.all(Array.from({ length: atOnce }, async () => {
    const done: { name: string; refused: boolean; kubectl: Reading; scope: Reading; exec: Reading; tab: Reading }[] =
      [];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next, home = `${directory}/${index}`, paths = await written(home, one);
      const name = `case-${index}`;
      const kubectl = await byKubectl(servers, home, paths, `${name}-kubectl`);
      const { scope, exec } = await byScope(servers, paths, name);
      done.push({
        name: one.name,
        refused: one.refused === true,
        kubectl,
        scope,
        exec,
        tab: await onTab(servers, paths, `${name}-tab`),
      });
    }
    return done;
  }));
  for (const { name, refused, kubectl, scope, exec, tab } of read.flat()) {
    await t.step(name, () => {
      const said = `kubectl: ${JSON.stringify(kubectl)}\nscope: ${JSON.stringify(scope)}`;
      assert.deepEqual([kubectl, scope].map((one) => one !== undefined && "refused" in one), [refused, refused], said);
      if (refused) return;
      assert.deepEqual(scope, kubectl);
      assert.deepEqual(exec, kubectl, "an exec");
      if (tab !== undefined) assert.deepEqual(tab, kubectl, "for completions");
    });
  }
});

/** A request, or the message of a refusal; undefined when only the client library can read the kubeconfig. */
type Reading = Asked | { refused: string } | undefined;

async function written(directory: string, { files, beside = {} }: KubeconfigCase): Promise<string[]> {
  for (const [name, text] of Object.entries(beside)) {
    await Deno.mkdir(dirname(`${directory}/${name}`), { recursive: true });
    await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o755 });
  }
  await Deno.mkdir(directory, { recursive: true });
  return await Promise.all(files.map(async (file, index) => {
    const path = `${directory}/config-${index}`;
    await Deno.writeFile(path, typeof file === "string" ? new TextEncoder().encode(file) : file);
    return path;
  }));
}

/** Makes one request by kubectl, with only this kubeconfig. */
async function byKubectl(
  servers: AskedServers,
  home: string,
  paths: readonly string[],
  name: string,
): Promise<Reading> {
  const [only, ...more] = paths, one = more.length === 0;
  const { code, stderr } = await outcome("kubectl", [
    ...one ? [`--kubeconfig=${only}`] : [],
    ...["--request-timeout=10s", "create", "token", name],
  ], { HOME: home, KUBECONFIG: one ? "" : paths.join(":") });
  const [asked] = servers.askedBy(name);
  return code === 0 ? asked : { refused: stderr };
}

async function byScope(servers: AskedServers, paths: readonly string[], name: string) {
  const [kubeconfig = "", ...more] = paths;
  const signal = new AbortController().signal;
  try {
    const cluster = loadCluster({
      ...{ timeoutMs: 10_000, notice() {}, signal },
      ...more.length === 0 ? { kubeconfig } : { env: { KUBECONFIG: paths.join(":") } },
    });
    await cluster.request("ask", { method: "POST", path: path(cluster.namespace, `${name}-scope`), body: {} });
    const streams = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
    const command = { container: "", command: ["true"], onStatus() {} };
    const exec = () => cluster.exec({ namespace: cluster.namespace, pod: `${name}-exec`, ...command, ...streams });
    await assert.rejects(cluster.call("exec", exec, { repeat: "never" }), { kind: "denied" });
    return { scope: servers.askedBy(`${name}-scope`)[0], exec: servers.askedBy(`${name}-exec`)[0] };
  } catch (error) {
    return { scope: { refused: String(error) }, exec: undefined };
  }
}

/** Makes one request as completions do, without the client library. */
async function onTab(servers: AskedServers, paths: readonly string[], name: string): Promise<Reading> {
  try {
    const config = quickConfig(paths.map((path) => ({ path, text: textOf(Deno.readFileSync(path)) })));
    if (config === undefined) return undefined;
    await (await askQuickly(config, path(config.namespace, name), "application/json")).body?.cancel();
    return servers.askedBy(name)[0];
  } catch (error) {
    return { refused: String(error) };
  }
}
