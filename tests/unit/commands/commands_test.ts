import assert from "node:assert/strict";
import { cleanup } from "../../../src/features/pods/cleanup_command.ts";
import { copy } from "../../../src/features/pods/copy_command.ts";
import { list } from "../../../src/features/pods/list_command.ts";
import { node } from "../../../src/features/shell/node_command.ts";
import { pids } from "../../../src/features/pids/command.ts";
import { ping } from "../../../src/features/ping/command.ts";
import { shell } from "../../../src/features/shell/command.ts";
import { run as runPing } from "../../../src/features/ping/run.ts";
import { run as runCleanup } from "../../../src/features/pods/run_cleanup.ts";
import { run as runCopy } from "../../../src/features/pods/run_copy.ts";
import { run as runLaunch } from "../../../src/features/pods/run_launch.ts";
import { run as runList } from "../../../src/features/pods/run_list.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { RunOptions } from "../../../src/tool.ts";
import type { Event, PingSkipped } from "../../../src/event.ts";
import type { Destination } from "../../../src/target.ts";
import type { RawOptions } from "../../../src/options.ts";
import { besideOf } from "../beside.ts";
import type { World } from "../features/world.ts";
import { first } from "../beside.ts";
import { worldOf } from "../features/world.ts";

const time = "2026-01-01T00:00:00.000Z";
const debugPod: Event = {
  type: "list.debug-pod",
  time,
  name: "scope-a",
  namespace: "shop",
  node: "a",
  image: "i",
  status: "Running",
  version: "1",
  created: time,
};
const globals = { namespace: "shop", pod: "web" };

async function fails(running: Promise<unknown>, message: string): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], ["usage", message]);
    return true;
  });
}

/** Runs a ping whose fping prints this, and ends with the code. */
async function pinging(options: RawOptions, hosts: string[] = [], printed = "", code = 0, world: World = {}) {
  const { context, did, place, ports } = worldOf({ globals, reachable: [{ address: "10.0.0.9" }], ...world });
  const result = runPing(context, ping.plan(options, hosts, context.options), ports.find);
  void place.print("stdout", printed).then(() => place.end(code));
  return { code: await result, did, argv: place.seen.options?.argv ?? [], disposed: place.seen.disposed };
}

for (
  const [options, hosts, message] of [
    [{}, [], "Nothing says what to ping"],
    [{ graph: true }, [], "Nothing says what to ping"],
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
  Deno.test(`ping refuses ${JSON.stringify(options)} ${hosts.join(" ")} before it goes anywhere`, async () => {
    const { context, did } = worldOf({ globals });
    await fails(ping.run(context, options, hosts), message);
    assert.deepEqual([did.asked, did.entered], [[], []]);
  });
}

Deno.test("ping asks for what -d, -N, -a, -4, -6 and the hosts say", async () => {
  const asked = async (options: RawOptions, hosts: string[] = []) => (await pinging(options, hosts)).did.asked[0];
  const nothing = { pods: [], all: false, hosts: [], families: [] };
  assert.deepEqual(await asked({ all: true }), { ...nothing, all: true });
  assert.deepEqual(await asked({ destPod: ["db"] }), { ...nothing, pods: ["db"] });
  assert.deepEqual(await asked({ destPod: ["db"], destNamespace: "data" }), {
    ...nothing,
    pods: ["db"],
    namespace: "data",
  });
  assert.deepEqual(await asked({ destNamespace: "data" }), { ...nothing, all: true, namespace: "data" });
  assert.deepEqual(await asked({ destNamespace: "data" }, ["h"]), { ...nothing, hosts: ["h"], namespace: "data" });
  assert.deepEqual(await asked({ ipv4: true, ipv6: true }, ["h"]), { ...nothing, hosts: ["h"], families: [4, 6] });
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

Deno.test("ping shows what is skipped and what is pinged first, and goes beside the one target", async () => {
  const skipped: PingSkipped = { type: "ping.skipped", time, pod: "late", namespace: "shop", reason: "has no address" };
  const { did, disposed } = await pinging({ all: true }, [], "", 0, { skipped: [skipped] });
  assert.deepEqual(did.events.slice(0, 2).map(({ type }) => type), ["ping.skipped", "ping.target"]);
  assert.deepEqual(did.events.at(-1)?.type, "ping.summary");
  assert.deepEqual(did.entered, [{ pod: "web" }]);
  assert.ok(disposed, "and lets go of it");
});

Deno.test("ping returns the code of an interrupt, and else what the pings say", async () => {
  const reply = "[1.0] 10.0.0.9 : [0], 64 bytes, 0.05 ms (0.05 avg, 0% loss)\n";
  assert.equal((await pinging({ count: "1" }, ["h"], reply)).code, 0);
  const timeout = "[1.0] 10.0.0.9 : [0], timed out (NaN avg, 100% loss)\n";
  assert.equal((await pinging({ count: "1" }, ["h"], timeout, 1)).code, 2);
  assert.equal((await pinging({ count: "1" }, ["h"], reply, 0, { shown: 130 })).code, 130);
});

/** Runs a ping where NET_RAW is not in effect; first something says this of ICMP, then the pings print. */
async function pingingWithoutRaw(options: RawOptions, reachable: Destination[], probed: string, printed: string) {
  const { context, did, ports } = worldOf({ globals, reachable }), places = [besideOf(), besideOf()];
  const ran: (readonly string[])[] = [];
  context.enter = (_query, needs = {}) => {
    did.needs.push(needs);
    const run = (options: RunOptions) => {
      const place = places[ran.length]!, text = ran.length === 0 ? probed : printed;
      ran.push(options.argv);
      void place.print("stdout", text).then(() => place.end(0));
      return place.beside.run(options);
    };
    return Promise.resolve({ ...places[1]!.beside, lost: places[1]!.beside.lost, capabilities: new Set(), run });
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

Deno.test("ping connects by TCP where unprivileged ICMP is forbidden, and says why and to which port", async () => {
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

async function shelling(options: RawOptions, command: string[], world: World = {}) {
  const { context, did, place } = worldOf({ globals, ...world });
  return { code: await shell.run(context, options, command), did, run: place.seen.options, place };
}

Deno.test("shell runs a shell in the target's namespaces, and the command's exit code is its own", async () => {
  const { code, did, run, place } = await shelling({}, []);
  assert.equal(code, 7);
  assert.equal(run?.argv[0], "bash");
  assert.deepEqual(run?.namespaces, ["net", "pid", "uts", "ipc"]);
  assert.deepEqual(did.attached, [place.run]);
  assert.ok(place.seen.disposed);
});

Deno.test("shell passes a command on as it is, without a terminal where there is none", async () => {
  const { run } = await shelling({}, ["sh", "-c", "a  b", "--help", ""]);
  assert.deepEqual([run?.argv, run?.pty, run?.env], [["sh", "-c", "a  b", "--help", ""], undefined, undefined]);
});

Deno.test("shell gives a terminal of the window's size and kind where there is one", async () => {
  const { run } = await shelling({}, ["top"], { interactive: true });
  assert.deepEqual([run?.pty, run?.env], [{ columns: 100, rows: 30 }, { TERM: "xterm" }]);
});

Deno.test("shell -t names the container, before --container", async () => {
  assert.deepEqual((await shelling({ target: "main" }, [])).did.entered, [{ pod: "web", container: "main" }]);
  const both = await shelling({ target: "main" }, [], { globals: { ...globals, container: "other" } });
  assert.deepEqual(both.did.entered, [{ pod: "web", container: "main" }]);
});

Deno.test("shell --inside asks for a place to go in from, and runs the command there", async () => {
  const { did, run } = await shelling({ inside: true }, []);
  assert.deepEqual(did.needs, [{ inside: true }]);
  assert.deepEqual(run, { argv: [], namespaces: [], inside: { privileged: false } });
  const command = await shelling({ inside: true, user: "7:8" }, ["ls", "-l"], { interactive: true });
  assert.deepEqual(command.run, {
    argv: ["ls", "-l"],
    namespaces: [],
    inside: { privileged: false, user: "7:8" },
    pty: { columns: 100, rows: 30 },
    env: { TERM: "xterm" },
  });
  assert.deepEqual(command.did.said, []);
  assert.deepEqual(command.did.needs, [{ inside: "other" }]);
});

Deno.test("shell --inside --privileged says what that means", async () => {
  const { did, run } = await shelling({ inside: true, privileged: true }, []);
  assert.deepEqual(run?.inside, { privileged: true });
  assert.deepEqual(did.needs, [{ inside: "other" }]);
  assert.match(did.said.join("\n"), /^this shell is root with all capabilities of the /);
});

Deno.test("shell --volumes asks for the target's volumes", async () => {
  assert.deepEqual((await shelling({ volumes: true }, [])).did.needs, [{
    files: "wanted",
    writes: true,
    volumes: true,
  }]);
  assert.deepEqual((await shelling({ inside: true, volumes: true }, [])).did.needs, [{ inside: true, volumes: true }]);
});

Deno.test("shell says what a pod's limit of files on disk means where it is, and nothing where there is none", async () => {
  const said = async (options: RawOptions, world: World) => (await shelling(options, ["true"], world)).did.said;
  const limited = { target: { storage: { emptyDirs: {}, pod: { bytes: 20 * 2 ** 20, text: "20Mi" } } } };
  const limit = 'pod "shop/web" is evicted when its files take more than 20Mi';
  assert.deepEqual(await said({}, { ...limited, way: "ephemeral" }), [
    `${limit}: here nothing is written to disk but in $SCOPE_ROOT, where it counts; $TMPDIR and /dev/shm are memory`,
  ]);
  assert.deepEqual(await said({}, { ...limited, way: "node", interactive: true }), [
    `${limit}: what is written in $SCOPE_ROOT counts, what is written elsewhere does not`,
  ]);
  assert.deepEqual(await said({ inside: true }, { ...limited, way: "ephemeral" }), [
    `${limit}, and those that are written here are its files`,
  ]);
  assert.deepEqual(await said({}, { ...limited, way: "node" }), []);
  assert.deepEqual(await said({}, { way: "ephemeral", interactive: true }), []);
});

for (
  const [options, message] of [
    [{ privileged: true }, "Option --privileged needs --inside"],
    [{ user: "0" }, "Option --user needs --inside"],
    ...["root", "", "-1", "1:", ":1", "1:2:3", "4294967295", "1:4294967295", "99999999999", "0x0", " 1"].map((
      user,
    ) => [{ inside: true, user }, `Option --user cannot be "${user}"`]),
  ] as [RawOptions, string][]
) {
  Deno.test(`shell refuses ${JSON.stringify(options)} before it goes anywhere`, async () => {
    const { context, did } = worldOf({ globals });
    await fails(shell.run(context, options, []), message);
    assert.deepEqual(did.entered, []);
  });
}

Deno.test("pids shows the processes of the target", async () => {
  const { context, did, place } = worldOf({ globals, processes: [first] });
  assert.equal(await pids.run(context, {}, []), 0);
  assert.deepEqual([did.entered, did.events, place.seen.disposed], [[{ pod: "web" }], [first], true]);
});

Deno.test("launch shows the debug pod of the target's node", async () => {
  const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
  assert.equal(await runLaunch(context, undefined, ports.makeDebugPods), 0);
  assert.deepEqual([did.launched, did.events], [[{ pod: "web" }], [debugPod]]);
});

Deno.test("list shows the debug pods, with -A those of all namespaces", async () => {
  const { context, did, ports } = worldOf({ debugPods: [debugPod] });
  for (const options of [{}, { allNamespaces: true }]) {
    await runList(context, list.plan(options, [], context.options), ports.makeDebugPods);
  }
  assert.deepEqual([did.listed, did.events, did.said], [[false, true], [debugPod, debugPod], []]);
});

Deno.test("list says that there is none, to people only", async () => {
  const text = worldOf({});
  assert.equal(await runList(text.context, { everywhere: false }, text.ports.makeDebugPods), 0);
  assert.match(text.did.said.join("\n"), /nothing of scope's in this namespace; -A/);
  const json = worldOf({ globals: { output: "json" } });
  await runList(json.context, { everywhere: false }, json.ports.makeDebugPods);
  assert.deepEqual(json.did.said, []);
});

async function onNode(words: string[], world: World = {}) {
  const { context, did, place } = worldOf(world);
  return { code: await node.run(context, {}, words), did, run: place.seen.options, place };
}

Deno.test("node runs a shell in the namespaces of the node's first process, and tells it where its files are", async () => {
  const { code, did, run, place } = await onNode(["node1"], { interactive: true });
  assert.deepEqual([code, did.nodes, did.attached, place.seen.disposed], [7, ["node1"], [place.run], true]);
  assert.deepEqual([run?.argv[0], run?.namespaces, run?.pid], ["bash", ["net", "pid", "uts", "ipc"], 1]);
  assert.deepEqual([run?.pty, run?.env], [{ columns: 100, rows: 30 }, { TERM: "xterm", SCOPE_ROOT: "/host" }]);
});

Deno.test("node passes a command on as it is", async () => {
  const { run, did } = await onNode(["node1", "ls", "-l", "--"]);
  assert.deepEqual([run?.argv, run?.pty, did.said], [["ls", "-l", "--"], undefined, []]);
  assert.deepEqual((await onNode(["node1", "--", "-odd"])).run?.argv, ["-odd"]);
});

Deno.test("node refuses an option behind the name, and a Way to pods", async () => {
  await fails(onNode(["node1", "-o", "json"]), 'Option "-o" stands behind the node\'s name');
  await fails(onNode(["node1"], { globals: { via: "local" } }), "There is no way to a node by --via local");
});

async function copying(globals: RawOptions, options: RawOptions, words: string[] = []) {
  const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
  return { code: await runCopy(context, copy.plan(options, words, context.options), ports.copyPod), did };
}

Deno.test("copy shows the copy of the target", async () => {
  const { code, did } = await copying({ pod: "web", container: "app" }, {});
  assert.equal(code, 0);
  assert.deepEqual(did.copied, [[{ pod: "web", container: "app" }, { shareProcesses: false, anyNode: false }]]);
  assert.deepEqual(did.events, [debugPod]);
});

Deno.test("copy takes the command from either place", async () => {
  const given = async (...args: [RawOptions, string[]?]) =>
    (await copying(globals, ...args)).did.copied[0]?.[1].command;
  assert.deepEqual(await given({ command: ["sleep", "9"] }), ["sleep", "9"]);
  assert.deepEqual(await given({}, ["sh", "-c", "a; b"]), ["sh", "-c", "a; b"]);
  await fails(copying(globals, { command: ["sleep"] }, ["sh"]), "The command is given twice");
});

Deno.test("copy passes its options on", async () => {
  const options = { name: "mine", image: "other:1", shareProcesses: true, anyNode: true };
  assert.deepEqual((await copying(globals, options)).did.copied, [[{ pod: "web" }, options]]);
});

Deno.test("copy refuses --terminate", async () => {
  await fails(copying({ ...globals, terminate: true }, {}), "Option --terminate makes no sense for a copy");
});

for (
  const [globals, options, removed] of [
    [{ pod: "all" }, {}, ["all", false]],
    [{ pod: "web" }, {}, ["web", false]],
    [{ pod: "web" }, { pod: "all" }, ["all", false]],
    [{}, { pod: "web", allNamespaces: true }, ["web", true]],
  ] as [RawOptions, RawOptions, [string, boolean]][]
) {
  Deno.test(`cleanup of ${JSON.stringify(globals)} and ${JSON.stringify(options)} removes ${removed[0]}`, async () => {
    const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
    assert.equal(await runCleanup(context, cleanup.plan(options, [], context.options), ports.makeDebugPods), 0);
    assert.deepEqual([did.removed, did.events], [[removed], [debugPod]]);
  });
}

Deno.test("cleanup removes nothing when nothing says what", async () => {
  const { context, did } = worldOf({});
  await fails(cleanup.run(context, {}, []), "Nothing says which debug pod or copy");
  await fails(cleanup.run(context, { allNamespaces: true }, []), "Nothing says which debug pod or copy");
  assert.deepEqual(did.removed, []);
});
