import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { demoPods, getPods, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { describe, fpings, podProcesses, runProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeOk, startScope } from "./scope.ts";
import { overWays, workloads } from "./ways.ts";

/** Returns the columns of the summary's row for this name. */
function row(stdout: string, name: string): Record<string, string> {
  const summary = stdout.slice(stdout.search(/^NAME /m)).split("\n");
  const columns = (line: string) => line.trim().split(/ {2,}/);
  const line = summary.find((line) => columns(line)[0] === name);
  assert.ok(line !== undefined, `no row of ${name} in ${stdout}`);
  return Object.fromEntries(columns(summary[0]!).map((head, at) => [head, columns(line)[at]!]));
}

/** Runs a program in the network namespace of a pod, with the machine's own files. */
async function inNetworkOf(pod: Pod, ...argv: string[]): Promise<void> {
  const [process] = podProcesses(pod.metadata.uid);
  assert.ok(process !== undefined, `pod ${pod.metadata.name} has no process`);
  const { code, stderr } = await outcome("nsenter", ["-t", `${process.pid}`, "-n", "--", ...argv]);
  assert.equal(code, 0, stderr);
}

const addresses = (pod: Pod) => pod.status.podIPs!.map(({ ip }) => ip);

overWays("ping", async (t) => {
  await using own = await TestNamespace.make();
  const [one, two] = await Promise.all([
    own.pod("one", { spec: { nodeName: "node1" } }),
    own.pod("two", { spec: { nodeName: "node2" } }),
  ]);
  /** Returns arguments to use the test's own namespace, through the debug pods of demo. */
  const from = (pod: string, ...args: string[]) => ["-n", own.name, "--debug-namespace", "demo", "-p", pod, ...args];

  await t.step("-d POD says who answered, where, and how fast", async () => {
    const stdout = await scopeOk("-n", "demo", "-p", "web", "ping", "-d", "api", "-c", "2", "-i", "0.2");
    const [api] = await demoPods("api");
    const name = `demo/${api!.metadata.name}`;
    const where = `\\(${api!.status.podIP} on ${api!.spec.nodeName}\\)`;
    for (const seq of [0, 1]) {
      assert.match(stdout, new RegExp(`^${name} ${where}: seq=${seq} rtt=\\d+\\.\\d+ ms$`, "m"));
    }
    assert.deepEqual(
      { ...row(stdout, name), "MIN/ms": "", "AVG/ms": "", "P95/ms": "", "MAX/ms": "" },
      {
        ...{ NAME: name, NODE: api!.spec.nodeName, ADDRESS: api!.status.podIP },
        ...{ SENT: "2", RECEIVED: "2", LOST: "0", UNSENT: "0", LOSS: "0%", STATUS: "ok" },
        ...{ "MIN/ms": "", "AVG/ms": "", "P95/ms": "", "MAX/ms": "" },
      },
    );
  });

  await t.step("TYPE/NAME and -l choose the pod on both sides", async () => {
    for (const reference of ["deployment/web", "deploy/web", "statefulset/db", "daemonset/agent", "service/web"]) {
      const { code, stderr } = await scope(["-n", "demo", "-p", reference, "ping", "-c1", "-d", "service/api"]);
      assert.equal(code, 0, stderr);
      const name = reference.split("/")[1]!;
      assert.match(stderr, new RegExp(`^using pod "demo/${name}-.*" of \\w+ "${name}"$`, "m"));
      assert.match(stderr, /^pinging pod "demo\/api-.*" of service "api"$/m);
    }
    const { code, stderr } = await scope(["-n", "demo", "-l", "app=db", "ping", "-c1", "-d", "statefulset/db"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^using pod "demo\/db-0" of labels "app=db"$/m);
  });

  for (const app of workloads) {
    await t.step(`from ${app} a pod of the other node answers`, async () => {
      const [{ metadata }] = await demoPods(app) as [Pod];
      const args = ["-n", "demo", "-p", metadata.name, "ping", "-c1", "-N", own.name];
      for (const pod of ["one", "two"]) {
        const { code, stdout, stderr } = await scope([...args, "-d", pod]);
        assert.equal(code, 0, stderr + stdout);
      }
    });
  }

  await t.step("-N NAMESPACE is where the destinations are", async () => {
    const args = ["-n", "demo", "-p", "web", "ping", "-c1", "-o", "json"];
    const targets = async (...more: string[]) => {
      return eventsOf(await scopeOk(...args, ...more)).filter(({ type }) => type === "ping.reply").map(({ pod }) =>
        pod
      );
    };
    assert.deepEqual((await targets("-N", own.name)).toSorted(), ["one", "two"]);
    assert.deepEqual(await targets("-N", own.name, "-d", "two"), ["two"]);
  });

  await t.step("-a pings every pod, and says which it skips and why", async () => {
    const pods = (await getPods("demo")).filter(({ metadata }) => {
      return metadata.labels?.["app.kubernetes.io/managed-by"] !== "scope";
    });
    const stdout = await scopeOk("-n", "demo", "-p", "web", "ping", "-a", "-c1");
    assert.match(stdout, /^demo\/pending: skipped \(has no address yet \(Pending\)\)$/m);
    assert.match(stdout, /^demo\/finished: skipped \(has finished \(Succeeded\)\)$/m);
    const pinged = pods.filter(({ metadata }) => !["pending", "finished"].includes(metadata.name));
    assert.ok(pinged.length >= 11);
    for (const { metadata, status, spec } of pinged) {
      const { ADDRESS, NODE, STATUS } = row(stdout, `demo/${metadata.name}`);
      assert.deepEqual({ ADDRESS, NODE, STATUS }, { ADDRESS: status.podIP, NODE: spec.nodeName, STATUS: "ok" });
    }
    assert.equal(stdout.slice(stdout.search(/^NAME /m)).trim().split("\n").length, 1 + pinged.length);
  });

  await t.step("a pod in its node's network pings, and is pinged", async () => {
    const stdout = await scopeOk("-n", "demo", "-p", "host", "ping", "-a", "-c1", "-o", "json");
    const host = eventsOf(stdout).find(({ type, pod }) => type === "ping.reply" && pod === "host");
    assert.equal(host?.["hostNetwork"], true);
  });

  await t.step("-6 and -4 choose the addresses, of each pod", async () => {
    const pinged = async (...options: string[]) => {
      const stdout = await scopeOk(...from("one", "ping", "-a", "-c1", "-o", "json", ...options));
      return eventsOf(stdout).filter(({ type }) => type === "ping.reply").map(({ address }) => address).toSorted();
    };
    const all = [...addresses(one), ...addresses(two)].toSorted();
    assert.deepEqual(await pinged("-6"), all.filter(isIPv6));
    assert.deepEqual(await pinged("-4"), all.filter(isIPv4));
    assert.deepEqual(await pinged("-4", "-6"), all);
  });

  await t.step("a HOST is an address of either family, or a name that the target knows", async () => {
    for (const address of addresses(two)) {
      assert.equal(row(await scopeOk(...from("one", "ping", "-c1", address)), address)["STATUS"], "ok");
    }
    const aliased = { hostAliases: [{ ip: two.status.podIP, hostnames: ["second.example"] }] };
    await own.pod("aliased", { spec: { nodeName: "node1", ...aliased } });
    const stdout = await scopeOk(...from("aliased", "ping", "-c1", "second.example", "127.0.0.1"));
    assert.equal(row(stdout, "second.example")["STATUS"], "ok");
    assert.equal(row(stdout, "127.0.0.1")["STATUS"], "ok");
    await kubectl(["-n", own.name, "delete", "pod", "aliased", "--now", "--wait=false"]);
  });

  await t.step("-c and -i: so many, so often; without them five, one a second", async () => {
    const times = (stdout: string) =>
      eventsOf(stdout).filter(({ type }) => type === "ping.reply").map(({ time }) => Date.parse(String(time)));
    const counted = times(await scopeOk(...from("one", "ping", "-d", "two", "-c", "4", "-i", "0.2", "-o", "json")));
    assert.equal(counted.length, 4);
    const plain = times(await scopeOk(...from("one", "ping", "-d", "two", "-o", "json")));
    assert.equal(plain.length, 5);
    for (const [found, expected] of [[counted, 600], [plain, 4000]] as const) {
      const span = found.at(-1)! - found[0]!;
      assert.ok(Math.abs(span - expected) < 250, `${span} ms instead of ${expected}`);
    }
  });

  await t.step("-o json: each line an event, with the names that DESIGN and docs promise", async () => {
    const stdout = await scopeOk(...from("one", "ping", "-d", "two", "-c1", "-o", "json"));
    const events = eventsOf(stdout);
    const place = { pod: "two", namespace: own.name, address: two.status.podIP, node: "node2" };
    const reply = events.find(({ type }) => type === "ping.reply")!;
    const { rttMs, time } = reply;
    assert.ok(typeof rttMs === "number" && rttMs > 0 && rttMs < 1000);
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
    assert.deepEqual(reply, { type: "ping.reply", time, ...place, seq: 0, rttMs });
    const untimed = events.filter((event) => event !== reply).map((event) => ({ ...event, time: "" }));
    assert.deepEqual(untimed, [
      { type: "ping.target", time: "", ...place },
      {
        ...{ type: "ping.summary", time: "", ...place, sent: 1, received: 1, lost: 0, unsent: 0, lossPercent: 0 },
        ...{ minMs: rttMs, avgMs: rttMs, p95Ms: rttMs, maxMs: rttMs },
      },
    ]);
  });

  await t.step("exit code 1 when some destinations are lost, 2 when all are", async () => {
    // An unused address: the last one of the node's range.
    const nobody = one.status.podIP!.replace(/\.\d+$/, ".254");
    const some = await scope(from("one", "ping", "-c1", two.status.podIP!, nobody));
    assert.equal(some.code, 1, some.stderr);
    assert.equal(row(some.stdout, two.status.podIP!)["STATUS"], "ok");
    assert.deepEqual(pick(row(some.stdout, nobody), "SENT", "LOST", "UNSENT", "LOSS", "STATUS"), {
      ...{ SENT: "1", LOST: "1", UNSENT: "0", LOSS: "100%", STATUS: "lost" },
    });
    const all = await scope(from("one", "ping", "-c1", nobody));
    assert.equal(all.code, 2, all.stderr);
  });

  await t.step("a pod that drops packets is lost without a reason, and not an error of scope", async () => {
    await inNetworkOf(two, "nft", "add table inet e2e; add chain inet e2e in { type filter hook input priority 0; };");
    try {
      await inNetworkOf(two, "nft", "add rule inet e2e in meta l4proto icmp drop");
      const { code, stdout, stderr } = await scope(from("one", "ping", "-d", "two", "-c2", "-i", "0.2", "-o", "json"));
      assert.equal(code, 2, stderr);
      const found = eventsOf(stdout).slice(1).map(({ type, seq, reason, lost, lossPercent }) => {
        return { type, seq, reason, lost, lossPercent };
      });
      const unset = { seq: undefined, reason: undefined, lost: undefined, lossPercent: undefined };
      assert.deepEqual(found, [
        { ...unset, type: "ping.lost", seq: 0 },
        { ...unset, type: "ping.lost", seq: 1 },
        { ...unset, type: "ping.summary", lost: 2, lossPercent: 100 },
      ]);
    } finally {
      await inNetworkOf(two, "nft", "delete table inet e2e");
    }
  });

  await t.step("what could not be sent is not lost", async () => {
    await inNetworkOf(one, "ip", "route", "add", "unreachable", "198.51.100.1");
    try {
      const { code, stdout } = await scope(from("one", "ping", "-c2", "-i", "0.2", "198.51.100.1", two.status.podIP!));
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^198\.51\.100\.1: seq=0 not sent \(.+\)$/m);
      const unsent = pick(row(stdout, "198.51.100.1"), "SENT", "LOST", "UNSENT", "STATUS");
      assert.deepEqual(unsent, { SENT: "0", LOST: "0", UNSENT: "2", STATUS: "not sent" });
      assert.equal(row(stdout, two.status.podIP!)["STATUS"], "ok");
    } finally {
      await inNetworkOf(one, "ip", "route", "delete", "unreachable", "198.51.100.1");
    }
  });

  await t.step("-c0 goes on until SIGINT, from one fping for all, and ends with the summary and 130", async () => {
    await until("the nodes to be free of fping", 5, () => fpings().length === 0);
    await using ping = startScope(["-n", "demo", "-p", "web", "ping", "-a", "-c0"]);
    await ping.until("stdout", /demo\/web-\S+ \(.*\): seq=6 /);
    assert.equal(fpings().length, 1, describe(fpings()).join("\n"));
    ping.signal("SIGINT");
    assert.equal(await ping.exit(5), 130);
    assert.equal(row(ping.stdout, "demo/host")["STATUS"], "ok");
    await until("fping to end", 5, () => fpings().length === 0, { missing: () => describe(fpings()).join("\n") });
  });

  await t.step("a destination that is deleted meanwhile is an event, and the others go on", async () => {
    await own.pod("short", { spec: { nodeName: "node2" } });
    await using ping = startScope(from("one", "ping", "-a", "-c0", "-i", "0.2", "-o", "json"));
    await ping.until("stdout", /"ping.reply".*"pod":"short"/);
    await kubectl(["-n", own.name, "delete", "pod", "short", "--now", "--wait=false"]);
    await ping.until("stdout", /"type":"ping.gone".*"pod":"short".*"reason":"(was|is being) deleted"/);
    const replies = ping.stdout.match(/"ping.reply".*"pod":"two"/g)!.length;
    await ping.until("stdout", new RegExp(`("ping.reply".*"pod":"two"[^]*){${replies + 3}}`));
    ping.signal("SIGINT");
    assert.equal(await ping.exit(5), 130);
    const summary = eventsOf(ping.stdout).find(({ type, pod }) => type === "ping.summary" && pod === "short");
    assert.match(String(summary?.["gone"]), /deleted/);
  });

  await t.step("the target itself deleted meanwhile: 69, and said", async () => {
    await own.pod("source", { spec: { nodeName: "node1" } });
    await using ping = startScope(from("source", "ping", "-d", "two", "-c0"));
    await ping.until("stdout", /seq=0 rtt=/);
    await kubectl(["-n", own.name, "delete", "pod", "source", "--now", "--wait=false"]);
    assert.equal(await ping.exit(10), 69);
    assert.match(ping.stderr, new RegExp(`^error: Pod "${own.name}/source" was deleted meanwhile\nhint: .+$`, "m"));
    assert.ok(Number(row(ping.stdout, `${own.name}/two`)["RECEIVED"]) > 0); // the last replies may be lost
    await until("its fping to end", 5, () => runProcesses().length === 0);
  });

  await t.step("a hundred destinations are still one fping", async () => {
    const hosts = Array.from({ length: 100 }, (_, at) => `127.0.0.${at + 1}`);
    await using ping = startScope(from("one", "ping", "-c0", "-o", "json", ...hosts));
    await ping.until("stdout", /"ping.reply".*"address":"127.0.0.100".*"seq":2/);
    assert.equal(fpings().length, 1, describe(fpings()).join("\n"));
    ping.signal("SIGINT");
    assert.equal(await ping.exit(5), 130);
    const summaries = eventsOf(ping.stdout).filter(({ type }) => type === "ping.summary");
    assert.equal(summaries.length, 100);
    assert.deepEqual(summaries.filter(({ lost, unsent }) => lost !== 0 || unsent !== 0), []);
  });
});

function pick(from: Record<string, string>, ...keys: string[]): Record<string, string | undefined> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
