import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { managersOf } from "./ephemeral.ts";
import { makeIstioRules, removeIstioRules } from "./istio_rules.ts";
import { debugPods, getPod, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { Laptop, PodNetwork, readAll } from "./pod_network.ts";
import { eventsOf, scope, type ScopeProcess, startScope } from "./scope.ts";
import { overWays } from "./ways.ts";

/** Limit until new connections go through the sidecar again, whatever has died, in seconds. */
const BACK = 3.5;

/** Stands in for Envoy, which would answer that it cannot reach any server. */
const sidecar = "mkdir -p /srv; echo SIDECAR >/srv/index.html; exec httpd -f -p 15001 -h /srv";
const elsewhere = "mkdir -p /srv; echo DIRECT >/srv/index.html; exec httpd -f -p 8080 -h /srv";

const addressesOf = ({ status }: Pod) => (status.podIPs ?? []).map(({ ip }) => ip);
const urlOf = (address: string) => `http://${address.includes(":") ? `[${address}]` : address}:8080/`;
const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

type Line = Record<string, unknown>;
const linesOf = ({ stdout }: ScopeProcess) => eventsOf(stdout.slice(0, stdout.lastIndexOf("\n") + 1)) as Line[];

/** Starts a bypass, and waits until it is in effect. */
async function bypassed(...args: string[]): Promise<ScopeProcess> {
  const bypass = startScope(["-o", "json", ...args]);
  await bypass.until("stdout", /"bypass.started".*\n/, 60);
  return bypass;
}

overWays("bypass", async (t, { via }) => {
  await using namespace = await TestNamespace.make();
  const pod = await namespace.pod("app", { command: ["sh", "-c", sidecar] });
  const other = await namespace.pod("other", { command: ["sh", "-c", elsewhere] });
  using network = new PodNetwork(pod);
  using there = new PodNetwork(other);
  const addresses = addressesOf(other), [primary = ""] = addresses;
  assert.ok(addresses.some((address) => address.includes(":")), "the other pod has no IPv6 address");
  await until(
    "the servers",
    10,
    async () => /:15001 /.test(await network.run("ss", "-Hltn")) && /:8080 /.test(await there.run("ss", "-Hltn")),
  );
  const app = ["-n", namespace.name, "-p", "app"];
  const whoAnswers = async (address = primary) => /SIDECAR|DIRECT/.exec(await network.get(address, 8080))?.[0];
  /** Waits until new connections go through the sidecar again, and scope has nothing left in the pod. */
  const untilBack = async () => {
    await until("the sidecar to answer", BACK, async () => await whoAnswers() === "SIDECAR");
    await until("no table of scope to be left", 10, async () => (await network.tables()).length === 0);
    for (const address of addresses) assert.equal(await whoAnswers(address), "SIDECAR", address);
  };
  const interrupted = async (bypass: ScopeProcess) => {
    bypass.signal("SIGINT");
    assert.equal(await bypass.exit(), 130);
    return linesOf(bypass).at(-1)!;
  };

  await t.step("a pod without Istio's rules is refused, also where somebody has cut off the way to them", async () => {
    const refused = async () => {
      const { code, stdout, stderr } = await scope([...app, "bypass", "istio"]);
      assert.deepEqual({ code, stdout }, { code: 68, stdout: "" }, stderr);
      assert.match(
        stderr,
        /^error: Cannot find a sidecar to bypass in ".*\/app": no rule of Istio .*\nhint: its conn/m,
      );
    };
    await refused();
    await makeIstioRules(network, "legacy");
    for (const program of ["iptables-legacy", "ip6tables-legacy"]) {
      await network.run(program, "-t", "nat", "-D", "OUTPUT", "-j", "ISTIO_OUTPUT");
    }
    await refused();
    await removeIstioRules(network, "legacy");
    assert.deepEqual(await network.tables(), []);
  });

  for (const made of ["native", "nft", "legacy"] as const) {
    await t.step(
      `rules of Istio made as ${made}: a command's connections go out directly, by IPv4 and IPv6`,
      async () => {
        await makeIstioRules(network, made);
        const rules = await network.run("nft", "list", "ruleset") + await network.run("iptables-legacy-save");
        for (const address of addresses) assert.equal(await whoAnswers(address), "SIDECAR", address);
        const { code, stdout, stderr } = await scope([
          ...app,
          "bypass",
          "istio",
          "--",
          "curl",
          "-s",
          ...addresses.map(urlOf),
        ]);
        assert.deepEqual({ code, stdout }, { code: 0, stdout: "DIRECT\n".repeat(addresses.length) }, stderr);
        assert.match(
          stderr,
          /^new outgoing connections .*go around Istio's sidecar \(port 15001\) while the command runs$/m,
        );
        assert.match(
          stderr,
          new RegExp(`^${addresses.length} connections went around the sidecar in .* s; new ones`, "m"),
        );
        for (const address of addresses) assert.equal(await whoAnswers(address), "SIDECAR", address);
        const after = await network.run("nft", "list", "ruleset") + await network.run("iptables-legacy-save");
        const plain = (text: string) => text.replace(/packets \d+ bytes \d+|\[\d+:\d+\]|^#.*$/gm, "");
        assert.equal(plain(after), plain(rules), "Istio's own rules are not as they were");
        await removeIstioRules(network, made);
      },
    );
  }

  await makeIstioRules(network, "legacy");

  await t.step("a command's own exit code, output and input pass through", async () => {
    const command = [...app, "bypass", "istio", "--", "sh", "-c", "cat; echo no >&2; exit 42"];
    const { code, stdout, stderr } = await scope(command, { stdin: encode("in\n") });
    assert.deepEqual({ code, stdout }, { code: 42, stdout: "in\n" });
    assert.match(stderr, /^no$/m);
    const missing = await scope([...app, "bypass", "istio", "--", "no-such"]);
    assert.deepEqual([missing.code, missing.stdout], [127, ""], missing.stderr);
  });

  await t.step(
    "the app's new connections go around, those that are open stay where they are, until Ctrl-C",
    async () => {
      const before = await network.connect(primary, 8080);
      await until(
        "the sidecar to have it",
        5,
        async () => (await network.run("ss", "-Htn", "state", "established", "sport = :15001")).trim() !== "",
      );
      await using bypass = await bypassed(...app, "bypass", "istio");
      const [{ time: _time, ...started } = {}] = linesOf(bypass);
      assert.deepEqual(started, {
        type: "bypass.started",
        namespace: namespace.name,
        pod: "app",
        mesh: "istio",
        ports: [],
        sidecarPort: 15001,
        dns: false,
        kept: 1,
      });
      assert.match(
        await kubectl([...app.slice(0, 2), "exec", "app", "-c", "main", "--", "wget", "-qO-", urlOf(primary)]),
        /DIRECT/,
      );
      for (const address of addresses) {
        assert.equal(await whoAnswers(address), "DIRECT", address);
      }
      await before.write(encode("GET / HTTP/1.0\r\n\r\n"));
      assert.match(decode(await readAll(before)), /SIDECAR/);
      // Connections of the app to itself are not affected.
      assert.match(await network.get("127.0.0.1", 15001), /SIDECAR/);
      const during = await network.connect(primary, 8080);
      const count = 2 + addresses.length;
      await until("the connections to be told", 5, () => linesOf(bypass).at(-1)?.connections === count, {
        missing: () => bypass.stdout,
      });
      const summary = await interrupted(bypass);
      assert.deepEqual([summary.type, summary.connections], ["bypass.summary", count]);
      await untilBack();
      await during.write(encode("GET / HTTP/1.0\r\n\r\n"));
      assert.match(decode(await readAll(during)), /DIRECT/);
    },
  );

  await t.step("--port leaves all other connections to the sidecar", async () => {
    await using others = await bypassed(...app, "bypass", "istio", "--port", "443");
    assert.equal(await whoAnswers(), "SIDECAR");
    // Two ports at once do not interfere with each other.
    await using bypass = await bypassed(...app, "bypass", "istio", "--port", "8080", "--port", "81");
    assert.deepEqual(linesOf(bypass)[0]?.ports, [8080, 81]);
    assert.equal(await whoAnswers(), "DIRECT");
    assert.equal((await interrupted(others)).connections, 0);
    assert.equal(await whoAnswers(), "DIRECT");
    assert.equal((await interrupted(bypass)).connections, 2);
    await untilBack();
  });

  await t.step("outgoing connections that are redirected go to this machine all the same", async () => {
    await using laptop = await Laptop.web("LAPTOP");
    await using _bypass = await bypassed(...app, "bypass", "istio");
    await using redir = startScope([...app, "redir", "--outgoing", `8080:${laptop.port}`]);
    await redir.until("stdout", /outgoing to port 8080/, 60);
    for (const address of addresses) assert.match(await network.get(address, 8080), /LAPTOP/, address);
    redir.signal("SIGINT");
    assert.equal(await redir.exit(), 130);
    assert.equal(await whoAnswers(), "DIRECT");
  });
  await untilBack();

  await t.step("SIGKILL of scope", async () => {
    await using bypass = await bypassed(...app, "bypass", "istio");
    assert.equal(await whoAnswers(), "DIRECT");
    bypass.signal("SIGKILL");
    await untilBack();
  });

  await t.step("a scope that is frozen, and goes on later", async () => {
    await using bypass = await bypassed(...app, "bypass", "istio");
    bypass.signal("SIGSTOP");
    await untilBack();
    bypass.signal("SIGCONT");
    await bypass.until("stdout", /"bypass.lost".*\n.*"bypass.resumed".*\n.*"bypass.started".*\n/, 60);
    assert.equal(await whoAnswers(), "DIRECT");
    assert.equal((await interrupted(bypass)).type, "bypass.summary");
    await untilBack();
  });

  const manager = async () => {
    const beside = via === "ephemeral"
      ? [await getPod(namespace.name, "app")]
      : (await debugPods(namespace.name)).filter(({ spec }) => spec.nodeName === pod.spec.nodeName);
    const [found, ...more] = beside.flatMap(managersOf);
    assert.ok(found !== undefined && more.length === 0, `there are ${more.length} managers more than one`);
    return found.pid;
  };

  await t.step("SIGKILL of the manager: scope comes back", async () => {
    await using bypass = await bypassed(...app, "bypass", "istio");
    Deno.kill(await manager(), "SIGKILL");
    await bypass.until("stdout", /"bypass.lost".*\n.*"bypass.resumed".*\n.*"bypass.started".*\n/, 60);
    assert.equal(await whoAnswers(), "DIRECT");
    assert.equal((await network.tables()).length, 1);
    await interrupted(bypass);
    await untilBack();
  });

  await t.step("SIGKILL of both at once", async () => {
    await using bypass = await bypassed(...app, "bypass", "istio");
    Deno.kill(await manager(), "SIGKILL");
    bypass.signal("SIGKILL");
    await untilBack();
  });

  await t.step("SIGTERM while a command runs ends both", async () => {
    await using bypass = startScope([...app, "bypass", "istio", "--", "sleep", "1007"]);
    await bypass.until("stderr", /while the command runs/, 60);
    assert.equal(await whoAnswers(), "DIRECT");
    bypass.signal("SIGTERM");
    assert.equal(await bypass.exit(), 143);
    await untilBack();
  });

  await t.step("where the sidecar takes DNS queries, these go around as well", async () => {
    await removeIstioRules(network, "legacy");
    await makeIstioRules(network, "legacy", primary);
    const dns = ["shell", "socat", "UDP4-RECVFROM:53,fork", "SYSTEM:cat"];
    await using _server = startScope(["-n", namespace.name, "-p", "other", ...dns]);
    await until("the nameserver", 60, async () => /:53 /.test(await there.run("ss", "-Hlun")));
    const ask = ["shell", "sh", "-c", `echo query | socat -t 1 - UDP4:${primary}:53`];
    const asked = async () => (await scope([...app, ...ask])).stdout === "query\n";
    assert.equal(await asked(), false);
    await using bypass = await bypassed(...app, "bypass", "istio");
    assert.equal(linesOf(bypass)[0]?.dns, true);
    assert.equal(await asked(), true);
    await interrupted(bypass);
    assert.equal(await asked(), false);
  });
});

Deno.test("bypass refuses what makes no sense, in one line", async (t) => {
  const cases: [string[], number, RegExp][] = [
    [["-p", "web", "bypass"], 64, /^error: No mesh specified\nhint: it can be istio\n$/],
    [["-p", "web", "bypass", "linkerd"], 64, /^error: Cannot bypass "linkerd"\nhint: it can be istio\n$/],
    ...["0", "65536", "abc", "80:81"].map((port): [string[], number, RegExp] => [
      ["-p", "web", "bypass", "istio", "--port", port],
      64,
      new RegExp(`^error: Option --port cannot be "${port}"\nhint: it is a number from 1 to 65535\n$`),
    ]),
    [["-p", "web", "bypass", "istio", "443"], 64, /^error: Cannot run "443": it is a number\nhint: --port 443 limits/],
    [
      ["-p", "host", "bypass", "istio"],
      64,
      /^error: Cannot do this in pod "demo\/host": it has the network of its node\n/,
    ],
    [["-p", "host", "bypass", "istio", "--", "true"], 64, /^error: Cannot do this in pod "demo\/host"/],
    [["-p", "nowhere", "bypass", "istio"], 68, /^error: Cannot find pod "nowhere"/],
  ];
  for (const [args, expected, message] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, stdout, stderr } = await scope(["-n", "demo", ...args]);
      assert.deepEqual({ code, stdout }, { code: expected, stdout: "" }, stderr);
      assert.match(stderr, message);
    });
  }
});
