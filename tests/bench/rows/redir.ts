import { alternate, inTurns } from "../alternate.ts";
import { perMegabyte } from "../bulk_cpu.ts";
import { podCpuMs } from "../cpu_account.ts";
import type { Environment } from "../programs.ts";
import { Scene } from "../redirected.ts";
import { quantile } from "../statistics.ts";
import { compare, milliseconds } from "../table.ts";
import type { Row } from "../table.ts";
import type { Client } from "../traffic/programs.ts";
import { usageOf } from "../usage.ts";
import type { World } from "../world.ts";

const startLimitMs = 60_000;

/**
 * Compares the time from the command to the first answer of this machine with `kubectl port-forward`; cold and warm, by both
 * Ways.
 */
export async function redirStart(world: World, runs: number): Promise<Row[]> {
  await using scene = await Scene.make(world);
  const client = scene.redirectedClient(), rows: Row[] = [];
  const forward = async () => {
    const begun = Date.now(), { forward, port } = scene.startForward();
    await using program = forward, forwarded = scene.clientOfForward(port);
    await program.said(/^Forwarding from/);
    return (await forwarded.run({ kind: "await", by: "P", limitMs: startLimitMs })).answeredAt! - begun;
  };
  for (const via of ["ephemeral", "node"]) {
    const onceIn = async (env: Environment) => {
      const begun = Date.now();
      await using _program = scene.startRedirect(via, env);
      return (await client.run({ kind: "await", by: "L", limitMs: startLimitMs })).answeredAt! - begun;
    };
    const once = () => onceIn({}), again = () => onceIn({ ...world.warm, SCOPE_WARM: "on" });
    const end = async () => void await world.scope("cleanup", "-p", "all");
    await end();
    const cold = await alternate({ once, reset: end }, { once: forward }, Math.ceil(runs / 5));
    await again();
    await world.untilWarm();
    const warm = await alternate(
      { once: again, reset: () => world.untilWarm() },
      { once: forward },
      Math.ceil(runs / 3),
    );
    const what = `first redirected answer, ${via}`;
    rows.push(
      compare(`${what}, cold / first of \`kubectl port-forward\``, { ...cold, format: milliseconds }),
      compare(`${what}, warm / first of \`kubectl port-forward\``, { ...warm, format: milliseconds, aim: 1 }),
    );
    await end();
  }
  return rows;
}

/** Measures connections of 1 kB, read to their ends, one at a time. */
export async function redirLatency(world: World, runs: number): Promise<Row[]> {
  await using scene = await Scene.make(world);
  await scene.redirect();
  const times = { redirected: [] as number[], direct: [] as number[], forwarded: [] as number[] };
  const contender = (name: keyof typeof times, client: Client, connections: number) => ({
    async once() {
      const result = await client.run({ kind: "get", bytes: 1000, atOnce: 1, connections });
      times[name].push(...result.times);
      return result.tookMs;
    },
  });
  await inTurns({
    redirected: contender("redirected", scene.redirectedClient(), 100),
    direct: contender("direct", scene.directClient(), 100),
    forwarded: contender("forwarded", await scene.forwardedClient(), 1),
  }, runs);
  const at = (name: keyof typeof times, share: number) => quantile(times[name], share);
  const added = (share: number) => at("redirected", share) - at("direct", share);
  const over = (share: number) => ({
    scope: milliseconds(at("redirected", share)),
    other: milliseconds(at("direct", share)),
    ratio: `+${milliseconds(added(share))}`,
  });
  const what = "a connection of 1 kB read to its end";
  return [
    { what: `${what}, p50: redirected / direct`, ...over(0.5), aim: "≤ +5 ms", met: added(0.5) <= 5 },
    { what: `${what}, p99: redirected / direct`, ...over(0.99) },
    compare(`${what}, p50: redirected / \`kubectl port-forward\``, {
      ...{ scope: at("redirected", 0.5), other: at("forwarded", 0.5) },
      ...{ format: milliseconds, aim: 0.01 },
    }),
  ];
}

/** Measures connections of 1 kB, fifty at once. */
export async function redirRate(world: World, runs: number): Promise<Row[]> {
  await using scene = await Scene.make(world);
  await scene.redirect();
  // No more connections than these: the client would run out of ports.
  const contender = (client: Client, connections: number) => ({
    async once() {
      const { tookMs } = await client.run({ kind: "get", bytes: 1000, atOnce: 50, connections });
      return tookMs / connections;
    },
  });
  const each = await inTurns({
    redirected: contender(scene.redirectedClient(), 1500),
    direct: contender(scene.directClient(), 1500),
    forwarded: contender(await scene.forwardedClient(), 100),
  }, Math.ceil(runs / 3));
  const format = (ms: number) => `${(1000 / ms).toFixed(0)} a second`;
  const what = "connections of 1 kB, 50 at once";
  return [
    {
      ...compare(`${what}: redirected / direct`, { scope: each.redirected, other: each.direct, format }),
      ...{ aim: "≥ 1000 a second", met: 1000 / each.redirected >= 1000 },
    },
    compare(`${what}: redirected / \`kubectl port-forward\``, {
      ...{ scope: each.redirected, other: each.forwarded },
      format,
    }),
  ];
}

const bulkBytes = 200_000_000;

/** Measures 200 MB in each direction, over one connection and over eight. Every byte is checked. */
export async function redirThroughput(world: World, runs: number): Promise<Row[]> {
  await using scene = await Scene.make(world);
  const program = await scene.redirect(), debugPod = await world.debugPod();
  const redirected = scene.redirectedClient(), direct = scene.directClient(), forwarded = await scene.forwardedClient();
  const rows: Row[] = [];
  for (const direction of ["pod to laptop", "laptop to pod"] as const) {
    for (const atOnce of [1, 8]) {
      const contender = (client: Client, kind: "get" | "put") => ({
        once: async () => (await client.run({ kind, bytes: bulkBytes / atOnce, atOnce, connections: atOnce })).tookMs,
      });
      // The client is in another pod for a redirect, and on the laptop for a forward.
      const [outward, inward] = direction === "pod to laptop" ? ["put", "get"] as const : ["get", "put"] as const;
      const times = await inTurns({
        redirected: contender(redirected, outward),
        direct: contender(direct, outward),
        forwarded: contender(forwarded, inward),
      }, Math.ceil(runs / 5));
      const format = (ms: number) => `${(ms / 1000).toFixed(2)} s (${(bulkBytes / 1000 / ms).toFixed(0)} MB/s)`;
      const what = `200 MB ${direction}, ${atOnce === 1 ? "one connection" : `${atOnce} connections`}: redirected`;
      rows.push(
        compare(`${what} / \`kubectl port-forward\``, {
          ...{ scope: times.redirected, other: times.forwarded, format },
          aim: 1,
        }),
        compare(`${what} / direct`, { scope: times.redirected, other: times.direct, format }),
      );
      const used = () => ({ here: usageOf(program.pid)!.cpuMs, there: podCpuMs(debugPod) }), before = used();
      await contender(redirected, outward).once();
      const { here, there } = used();
      rows.push(
        { what: `${what}: CPU time a MB of the command line`, scope: perMegabyte(here - before.here, bulkBytes) },
        { what: `${what}: CPU time a MB in the pod`, scope: perMegabyte(there - before.there, bulkBytes) },
      );
    }
  }
  return rows;
}
