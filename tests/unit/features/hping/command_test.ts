import assert from "node:assert/strict";
import { hping } from "../../../../src/features/hping/command.ts";
import { run } from "../../../../src/features/hping/run.ts";
import type { Destination } from "../../../../src/target.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { worldOf } from "../world.ts";

const globals = { namespace: "shop", pod: "web" };

/** Runs an hping with an hping3 that prints nothing and exits with `code`. */
async function pinging(options: RawOptions, words: string[], reachable: Destination[], code = 0) {
  const { context, did, place, ports } = worldOf({ globals, reachable });
  const running = run(context, hping.plan(options, words, context.options), ports.find);
  place.end(code);
  return { code: await running, did, argv: place.seen.options?.argv };
}

for (
  const [options, words, message] of [
    [{}, [], "No destination specified"],
    [{}, ["-c", "1"], "No destination specified"],
    [{ count: "0" }, ["h"], 'Option --count cannot be "0"'],
    [{}, ["fd00::1"], 'Host cannot be "fd00::1"'],
    [{}, [""], 'Host cannot be ""'],
  ] as [RawOptions, string[], string][]
) {
  Deno.test(`hping refuses ${JSON.stringify(options)} ${words.join(" ")} before it connects`, async () => {
    const { context, did } = worldOf({ globals });
    await assert.rejects(hping.run(context, options, words), { message });
    assert.deepEqual([did.requested, did.entered], [[], []]);
  });
}

Deno.test("hping looks for destinations as ping does, by IPv4 only, and passes other arguments to hping3", async () => {
  const words = ["-c", "1", "--icmp"], web: Destination = { address: "10.0.0.9", pod: "db", namespace: "data" };
  const { did, argv } = await pinging({ destPod: ["db"], destNamespace: "data" }, words, [web]);
  assert.deepEqual(did.requested, [{ pods: ["db"], all: false, hosts: [], namespace: "data", families: [4] }]);
  assert.deepEqual(argv, ["stdbuf", "-oL", "hping3", "10.0.0.9", ...words]);
  assert.deepEqual((await pinging({ count: "3" }, ["h", "-1"], [{ address: "h" }])).argv?.slice(3), [
    "h",
    "-c",
    "3",
    "-1",
  ]);
  const host = await pinging({}, ["example.com", "-S", "-p", "443"], [{ address: "example.com" }]);
  assert.deepEqual(host.did.requested[0]?.hosts, ["example.com"]);
  assert.deepEqual(host.argv?.slice(3), ["example.com", "-S", "-p", "443"]);
});

Deno.test("hping leaves the target itself out where there are others, and says so", async () => {
  const self = { address: "10.0.0.1", pod: "web", namespace: "shop" };
  const { did, argv } = await pinging({ all: true }, [], [self, { address: "10.0.0.2", pod: "db", namespace: "shop" }]);
  assert.equal(argv?.[3], "10.0.0.2");
  assert.deepEqual(did.events.map((event) => [event.type, "pod" in event && event.pod]), [["ping.skipped", "web"]]);
  assert.equal((await pinging({ destPod: ["web"] }, [], [self])).argv?.[3], "10.0.0.1", "by name it is tried");
});

Deno.test("hping refuses more destinations than it runs processes for", async () => {
  const many = Array.from({ length: 65 }, (_, at): Destination => ({ address: `10.0.1.${at}` }));
  await assert.rejects(pinging({ all: true }, [], many), { message: "Cannot send to 65 destinations at once" });
});

Deno.test("hping returns hping3's exit code", async () => {
  assert.equal((await pinging({}, ["h", "-c", "1"], [{ address: "h" }], 1)).code, 1);
});
