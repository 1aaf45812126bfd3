import assert from "node:assert/strict";
import type { PingSkipped } from "../../../../src/event.ts";
import { ping } from "../../../../src/features/ping/command.ts";
import { run as runPing } from "../../../../src/features/ping/run.ts";
import type { RawOptions } from "../../../../src/options.ts";
import type { RunOptions } from "../../../../src/tool.ts";
import { targetClientOf } from "../../target_client.ts";
import type { Destination } from "../../../../src/target.ts";
import { refuses } from "../../refuses.ts";
import type { World } from "../world.ts";
import { worldOf } from "../world.ts";

const time = "2026-01-01T00:00:00.000Z";
const globals = { namespace: "shop", pod: "web" };

/** Runs a ping with an fping that prints `printed` and exits with `code`. */
async function pinging(options: RawOptions, hosts: string[] = [], printed = "", code = 0, world: World = {}) {
  const { context, did, place, ports } = worldOf({ globals, reachable: [{ address: "10.0.0.9" }], ...world });
  const result = runPing(context, ping.plan(options, hosts, context.options), ports.find);
  void place.print("stdout", printed).then(() => place.end(code));
  return { code: await result, did, argv: place.seen.options?.argv ?? [], disposed: place.seen.disposed };
}

for (
  const [options, hosts, message] of [
    [{}, [], "No destination specified"],
    [{ graph: true }, [], "No destination specified"],
    [{ count: "-1" }, ["web"], 'Option --count cannot be "-1"'],
    [{ count: "abc" }, ["web"], 'Option --count cannot be "abc"'],
    [{ count: "" }, ["web"], 'Option --count cannot be ""'],
    [{ interval: "0" }, ["web"], 'Option --interval cannot be "0"'],
    [{ interval: "fast" }, ["web"], 'Option --interval cannot be "fast"'],
    [{ interval: "" }, ["web"], 'Option --interval cannot be ""'],
    [{}, ["-x"], 'Host cannot be "-x"'],
    [{}, ["web", ""], 'Host cannot be ""'],
  ] as [RawOptions, string[], string][]
) {
  Deno.test(`ping refuses ${JSON.stringify(options)} ${hosts.join(" ")} before it connects`, async () => {
    const { context, did } = worldOf({ globals });
    await refuses(ping.run(context, options, hosts), message);
    assert.deepEqual([did.requested, did.entered], [[], []]);
  });
}

Deno.test("ping looks for the destinations of -d, -N, -a, -4, -6 and the hosts", async () => {
  const requested = async (options: RawOptions, hosts: string[] = []) =>
    (await pinging(options, hosts)).did.requested[0];
  const nothing = { pods: [], all: false, hosts: [], families: [] };
  assert.deepEqual(await requested({ all: true }), { ...nothing, all: true });
  assert.deepEqual(await requested({ destPod: ["db"] }), { ...nothing, pods: ["db"] });
  assert.deepEqual(await requested({ destPod: ["db"], destNamespace: "data" }), {
    ...nothing,
    pods: ["db"],
    namespace: "data",
  });
  assert.deepEqual(await requested({ destNamespace: "data" }), { ...nothing, all: true, namespace: "data" });
  assert.deepEqual(await requested({ destNamespace: "data" }, ["h"]), { ...nothing, hosts: ["h"], namespace: "data" });
  assert.deepEqual(await requested({ ipv4: true, ipv6: true }, ["h"]), { ...nothing, hosts: ["h"], families: [4, 6] });
});

Deno.test("ping sends 5 packets a second apart; with -g it has no end", async () => {
  const option = (argv: readonly string[], name: string) => argv[argv.indexOf(name) + 1];
  const plain = (await pinging({}, ["h"])).argv;
  assert.deepEqual([plain[0], option(plain, "-c"), option(plain, "-p")], ["fping", "5", "1000"]);
  const graph = await pinging({ graph: true }, ["h"]);
  assert.ok(graph.argv.includes("-l") && !graph.argv.includes("-c"), graph.argv.join(" "));
  assert.deepEqual([graph.did.shows, (await pinging({}, ["h"])).did.shows], [["live"], ["text"]]);
  const counted = (await pinging({ graph: true, count: "3", interval: "0.2" }, ["h"])).argv;
  assert.deepEqual([option(counted, "-c"), option(counted, "-p")], ["3", "200"]);
  assert.ok((await pinging({ count: "0" }, ["h"])).argv.includes("-l"));
});

Deno.test("ping shows skipped pods and destinations first, and enters one target", async () => {
  const skipped: PingSkipped = { type: "ping.skipped", time, pod: "late", namespace: "shop", reason: "has no address" };
  const { did, disposed } = await pinging({ all: true }, [], "", 0, { skipped: [skipped] });
  assert.deepEqual(did.events.slice(0, 2).map(({ type }) => type), ["ping.skipped", "ping.target"]);
  assert.deepEqual(did.events.at(-1)?.type, "ping.summary");
  assert.deepEqual(did.entered, [{ pod: "web" }]);
  assert.ok(disposed, "and lets go of it");
});

Deno.test("ping returns the exit code of an interrupt, or else that of the pings", async () => {
  const reply = "[1.0] 10.0.0.9 : [0], 64 bytes, 0.05 ms (0.05 avg, 0% loss)\n";
  assert.equal((await pinging({ count: "1" }, ["h"], reply)).code, 0);
  const timeout = "[1.0] 10.0.0.9 : [0], timed out (NaN avg, 100% loss)\n";
  assert.equal((await pinging({ count: "1" }, ["h"], timeout, 1)).code, 2);
  assert.equal((await pinging({ count: "1" }, ["h"], reply, 0, { shown: 130 })).code, 130);
});

/** Runs a ping without NET_RAW: the ICMP probe prints `probed`, then the pings print `printed`. */
async function pingingWithoutRaw(options: RawOptions, reachable: Destination[], probed: string, printed: string) {
  const { context, did, ports } = worldOf({ globals, reachable }), places = [targetClientOf(), targetClientOf()];
  const ran: (readonly string[])[] = [];
  context.enter = (_query, needs = {}) => {
    did.needs.push(needs);
    const run = (options: RunOptions) => {
      const place = places[ran.length]!, text = ran.length === 0 ? probed : printed;
      ran.push(options.argv);
      void place.print("stdout", text).then(() => place.end(0));
      return place.client.run(options);
    };
    return Promise.resolve({ ...places[1]!.client, lost: places[1]!.client.targetGone, capabilities: new Set(), run });
  };
  return { code: await runPing(context, ping.plan(options, ["h"], context.options), ports.find), did, ran };
}

Deno.test("ping wants NET_RAW, and uses fping only where it is in effect", async () => {
  assert.deepEqual((await pinging({}, ["h"])).did.needs, [{ wanted: ["NET_RAW"] }]);
  const reply = "0\t[1.0] 64 bytes from 10.0.0.9: icmp_seq=1 ttl=64 time=0.05 ms\n";
  const end = "0\t1 packets transmitted, 1 received, 0% packet loss, time 0ms\n0\tend\n";
  const { code, did, ran } = await pingingWithoutRaw(
    { count: "1" },
    [{ address: "10.0.0.9" }],
    "0\t2147483647\n65532\n",
    reply + end,
  );
  assert.equal(code, 0);
  assert.deepEqual(did.needs, [{ wanted: ["NET_RAW"] }]);
  assert.ok(ran.flat().every((word) => !word.includes("fping")));
  assert.ok(ran[1]!.some((word) => word.includes(" ping -n")));
  assert.deepEqual(did.events.map(({ type }) => type), ["ping.target", "ping.reply", "ping.summary"]);
  assert.deepEqual(did.said, ["no NET_RAW here: pinging with unprivileged ICMP"]);
});

Deno.test("ping connects by TCP where unprivileged ICMP is forbidden, and prints the reason and the port", async () => {
  const { code, did, ran } = await pingingWithoutRaw(
    { count: "1", interval: "0.001" },
    [{ address: "10.0.0.9", port: 8080 }],
    "1\t0\n65532\n",
    "0\t[1.0] tcp_seq=0 time=0.050 ms refused\ntcp\texit 0\n",
  );
  assert.equal(code, 0);
  assert.deepEqual(ran[1]!.slice(-2), ["10.0.0.9", "8080"]);
  assert.deepEqual(did.said, [
    'no NET_RAW here, and no unprivileged ICMP (net.ipv4.ping_group_range is "1 0"): ' +
    "pinging by TCP connect (port 8080)",
    "pinging every 0.002 s: more often takes NET_RAW",
  ]);
});
