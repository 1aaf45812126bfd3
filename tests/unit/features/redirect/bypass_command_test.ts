import assert from "node:assert/strict";
import { bypass } from "../../../../src/features/redirect/bypass_command.ts";
import { run } from "../../../../src/features/redirect/run_bypass.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event } from "../../../../src/event.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { worldOf } from "../world.ts";

const started: Event = {
  ...{ type: "bypass.started", time: "2026-01-01T12:00:00.000Z", namespace: "shop", pod: "web", mesh: "istio" },
  ...{ ports: [], sidecarPort: 15001, dns: false, kept: 1 },
};

Deno.test("bypass without a command holds until the end, and sums up", async () => {
  const { context, did, ports } = worldOf({ globals: { pod: "web" }, debugPods: [started], shown: 130 });
  const plan = bypass.plan({ port: ["443", "80"] }, ["istio"], context.options);
  assert.equal(await run(context, plan, ports.bypass), 130);
  assert.deepEqual(did.bypassed, [{ mesh: "istio", ports: [443, 80] }]);
  assert.deepEqual(did.events.map(({ type }) => type), ["bypass.started", "bypass.summary"]);
});

Deno.test("bypass with a command runs it once the bypass holds, and no longer holds it when that has ended", async () => {
  const { context, did, place } = worldOf({ globals: { pod: "web" } });
  const seen: string[] = [];
  place.client.bypass = async function* ({ plan, signal }) {
    assert.deepEqual(plan, { mesh: "istio", ports: [] });
    assert.equal(place.seen.options, undefined, "it runs already");
    yield started;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    seen.push("ended");
  };
  assert.equal(await bypass.run(context, {}, ["istio", "tcpdump", "-c", "1"]), 7);
  assert.deepEqual(place.seen.options?.argv, ["tcpdump", "-c", "1"]);
  assert.deepEqual(did.needs, [{ capabilities: ["NET_ADMIN", "NET_RAW"], ownNetwork: true }]);
  assert.deepEqual([seen, place.seen.disposed], [["ended"], true]);
  assert.match(
    did.said[0]!,
    /^new outgoing connections go around Istio's sidecar \(port 15001\) while the command runs$/,
  );
  assert.match(did.said[1]!, /^1 connection that was open before/);
  assert.match(did.said[2]!, /^0 connections went around/);
});

Deno.test("bypass runs no command where the sidecar cannot be gone around, and ends one where it no longer is", async () => {
  const refused = new ScopeError("notFound", "Cannot find a sidecar to bypass");
  for (const events of [[], [started]]) {
    const { context, place } = worldOf({ globals: { pod: "web" } });
    context.attach = () => new Promise(() => {});
    place.client.bypass = async function* () {
      yield* events;
      throw refused;
    };
    await assert.rejects(bypass.run(context, {}, ["istio", "true"]), refused);
    assert.equal(place.seen.disposed, true);
    assert.equal(place.seen.options === undefined, events.length === 0);
  }
});

Deno.test("bypass asks for no more rights than the command cannot do without", async () => {
  const { context, did, place } = worldOf({ globals: { pod: "web" } });
  place.client.bypass = async function* ({ signal }) {
    yield started;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  };
  await bypass.run(context, {}, ["istio", "curl", "http://x"]);
  await bypass.run(context, {}, ["istio", "strace", "-p", "1"]);
  assert.deepEqual(did.needs, [
    { capabilities: ["NET_ADMIN"], ownNetwork: true },
    { capabilities: ["NET_ADMIN"], ownNetwork: true, files: true },
  ]);
});

const wrong: [RawOptions, string[]][] = [[{}, []], [{}, ["linkerd"]], [{ port: ["x"] }, ["istio"]], [{}, [
  "istio",
  "443",
]]];

for (const [options, args] of wrong) {
  Deno.test(`bypass refuses ${JSON.stringify(options)} ${args.join(" ")} before it asks a cluster`, async () => {
    const { context, did } = worldOf({ globals: { pod: "web" } });
    await assert.rejects(bypass.run(context, options, args), { kind: "usage" });
    assert.deepEqual([did.bypassed, did.entered], [[], []]);
  });
}
