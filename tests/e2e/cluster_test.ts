import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { CHECKOUT, cluster, outcome } from "./cluster_script.ts";

interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

async function kubectl(...args: string[]): Promise<string> {
  const run = 'eval "$("$0" env)" && exec kubectl "$@"';
  const { code, stdout, stderr } = await outcome("sh", ["-c", run, `${CHECKOUT}/scripts/cluster`, ...args]);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function pods(namespace: string): Promise<Pod[]> {
  return (JSON.parse(await kubectl("-n", namespace, "get", "pods", "-o", "json")) as { items: Pod[] }).items;
}

function ofApp(all: readonly Pod[], app: string): Pod[] {
  return all.filter(({ metadata }) => metadata.labels?.["app"] === app);
}

Deno.test("cluster", async (t) => {
  assert.equal((await cluster(CHECKOUT, "up")).code, 0);

  await t.step("up changes nothing when the cluster runs", async () => {
    const before = await cluster(CHECKOUT, "status");
    const { code, stdout, stderr } = await cluster(CHECKOUT, "up");
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "the cluster is up already\n" });
    assert.equal((await cluster(CHECKOUT, "status")).stdout, before.stdout); // the same pids
  });

  await t.step("status names every part, with exit code 0", async () => {
    const { code, stdout } = await cluster(CHECKOUT, "status");
    assert.equal(code, 0);
    assert.deepEqual(stdout.trim().split("\n").map((line) => line.split(/ +/)[0]), [
      ...["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "node1", "node2"],
    ]);
  });

  await t.step("kubeconfig prints the path of a private file and nothing else", async () => {
    const { code, stdout, stderr } = await cluster(CHECKOUT, "kubeconfig");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^\/[^\n]+\n$/);
    assert.equal(Deno.statSync(stdout.trim()).mode! & 0o777, 0o600);
  });

  await t.step("env leads to the built kubectl of the server's version", async () => {
    const version = JSON.parse(await kubectl("version", "-o", "json"));
    assert.equal(version.serverVersion.gitVersion, "v1.36.3");
    assert.equal(version.clientVersion.gitVersion, "v1.36.3");
  });

  await t.step("both nodes are Ready and have an address of each family", async () => {
    const { items } = JSON.parse(await kubectl("get", "nodes", "-o", "json"));
    assert.deepEqual(items.map((node: { metadata: { name: string } }) => node.metadata.name), ["node1", "node2"]);
    for (const { spec, status } of items) {
      const ready = status.conditions.find(({ type }: { type: string }) => type === "Ready");
      assert.equal(ready.status, "True");
      const addresses = status.addresses.filter(({ type }: { type: string }) => type === "InternalIP");
      assert.deepEqual(addresses.map(({ address }: { address: string }) => isIPv6(address)), [false, true]);
      assert.deepEqual(spec.podCIDRs.map((range: string) => range.includes(":")), [false, true]);
    }
  });

  await t.step("the demo pods are in the phases they are meant to be in", async () => {
    const phases: Record<string, string[]> = {};
    for (const { metadata, status } of [...await pods("demo"), ...await pods("locked")]) {
      const app = metadata.labels?.["app"];
      if (app !== undefined) (phases[app] ??= []).push(status.phase); // other tests may also have pods here
    }
    assert.deepEqual(phases, {
      agent: ["Running", "Running"],
      api: ["Running"],
      db: ["Running"],
      dns: ["Running"],
      finished: ["Succeeded"],
      host: ["Running"],
      locked: ["Running"],
      pair: ["Running"],
      pending: ["Pending"],
      shared: ["Running"],
      web: ["Running", "Running", "Running"],
    });
  });

  await t.step("web runs on both nodes, with a shell and ps", async () => {
    const web = ofApp(await pods("demo"), "web");
    assert.deepEqual([...new Set(web.map(({ spec }) => spec.nodeName))].sort(), ["node1", "node2"]);
    assert.match(await kubectl("-n", "demo", "exec", web[0]!.metadata.name, "--", "sh", "-c", "ps"), /httpd .*-p 8080/);
  });

  await t.step("pods reach pods of the other node, over IPv4 and IPv6", async () => {
    const web = ofApp(await pods("demo"), "web");
    const from = web.find(({ spec }) => spec.nodeName === "node1")!;
    const to = web.find(({ spec }) => spec.nodeName === "node2")!;
    const addresses = to.status.podIPs!.map(({ ip }) => ip);
    assert.deepEqual([addresses.some(isIPv4), addresses.some(isIPv6)], [true, true]);
    for (const address of addresses) {
      const said = await kubectl("-n", "demo", "exec", from.metadata.name, "--", "ping", "-c", "1", "-W", "2", address);
      assert.match(said, / 0% packet loss/);
    }
  });

  await t.step("a Service answers over IPv4 and IPv6", async () => {
    const [from] = ofApp(await pods("demo"), "web");
    const service = JSON.parse(await kubectl("-n", "demo", "get", "service", "web", "-o", "json"));
    assert.equal(service.spec.clusterIPs.length, 2);
    for (const address of service.spec.clusterIPs) {
      const url = `http://${isIPv6(address) ? `[${address}]` : address}/`;
      assert.match(await kubectl("-n", "demo", "exec", from!.metadata.name, "--", "wget", "-q", "-O-", url), /^web-/);
    }
  });

  await t.step("the namespace locked refuses a privileged pod", async () => {
    await assert.rejects(
      kubectl("-n", "locked", "run", "refused", "--image=localhost/busybox:1", "--privileged", "--dry-run=server"),
      /violates PodSecurity \\"restricted:latest\\"|violates PodSecurity "restricted:latest"/,
    );
  });

  await t.step("enter runs a command on a node", async () => {
    const { code, stdout } = await cluster(CHECKOUT, "enter", "node2", "hostname");
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "node2\n" });
    assert.equal((await cluster(CHECKOUT, "enter", "node2", "sh", "-c", "exit 7")).code, 7);
  });

  await t.step("an image that nobody has fails to be pulled within seconds", async () => {
    try {
      await kubectl("-n", "demo", "run", "no-image", "--image=registry.example/none:1");
      const reason = "{.status.containerStatuses[0].state.waiting.reason}";
      await kubectl("-n", "demo", "wait", "pod/no-image", `--for=jsonpath=${reason}=ErrImagePull`, "--timeout=10s");
    } finally {
      await kubectl("-n", "demo", "delete", "pod", "no-image", "--now", "--ignore-not-found");
    }
  });

  await t.step("load makes an image known to both nodes", async () => {
    const directory = await Deno.makeTempDir();
    try {
      await makeImage(`${directory}/loaded.tar`, "localhost/loaded:1");
      const { code, stderr } = await cluster(CHECKOUT, "load", `${directory}/loaded.tar`);
      assert.equal(code, 0, stderr);
      for (const node of ["node1", "node2"]) {
        const { stdout } = await cluster(CHECKOUT, "enter", node, "ctr", "-n", "k8s.io", "images", "list", "-q");
        assert.ok(stdout.split("\n").includes("localhost/loaded:1"), stdout);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
      for (const node of ["node1", "node2"]) {
        await cluster(CHECKOUT, "enter", node, "ctr", "-n", "k8s.io", "images", "remove", "localhost/loaded:1");
      }
    }
  });

  await t.step("a wrong command is a usage error", async () => {
    const { code, stderr } = await cluster(CHECKOUT, "upp");
    assert.deepEqual({ code, stderr }, {
      code: 64,
      stderr: 'error: Cannot find the command "upp"\nhint: see scripts/cluster --help\n',
    });
  });
});

/** Exports a copy of an existing image under another name. */
async function makeImage(archive: string, name: string) {
  // By itself: ctr may end before all that containerd exports for it is written.
  const script = "ctr -n k8s.io images tag --force localhost/pause:1 $1 >&2; ctr -n k8s.io images export --local - $1";
  const { code, stderr } = await outcome("sh", [
    ...["-c", 'archive=$1; shift; exec "$@" >"$archive"', "sh", archive, `${CHECKOUT}/scripts/cluster`],
    ...["enter", "node1", "sh", "-c", script, "sh", name],
  ]);
  assert.equal(code, 0, stderr);
}
