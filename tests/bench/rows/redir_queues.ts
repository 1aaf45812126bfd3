import { alternate } from "../alternate.ts";
import { NarrowNetwork } from "../narrow_network.ts";
import { Scene } from "../redirected.ts";
import { quantile } from "../statistics.ts";
import { compare, milliseconds } from "../table.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** Number of concurrent other connections; their interval, and their duration before and in a round, in milliseconds. */
const others = 50, everyMs = 500, settleMs = 1000, forMs = 4000;
const uplinkBytes = 1_000_000, slowBytes = 25_000_000, slowOthers = 10;

/** Measures the delay of other connections while one reader stalls, with all windows before it full. */
export async function redirStalled(world: World, runs: number): Promise<Row[]> {
  await using scene = await Scene.make(world);
  await scene.redirect();
  const client = scene.redirectedClient(), still = scene.redirectedClient();
  const load = { kind: "get", bytes: 1000, atOnce: others, everyMs } as const;
  const once = async () => {
    await client.run({ ...load, forMs: settleMs });
    return quantile((await client.run({ ...load, forMs })).times, 0.99);
  };
  const times = await alternate(
    {
      async once() {
        await still.run({ kind: "hold", connections: 1, unread: true });
        return await once();
      },
      reset: async () => void await still.run({ kind: "release" }),
    },
    { once },
    runs,
  );
  return [compare(`p99 of ${others} others while one reader stands still / without it`, {
    ...times,
    format: milliseconds,
    aim: 1.05,
  })];
}

/** Measures a bulk transfer over a slow uplink: it must neither lose the redirect nor delay other connections for long. */
export async function redirSlow(world: World): Promise<Row[]> {
  await using scene = await Scene.make(world);
  await world.scope("--via", "node", "launch");
  await using slowNetwork = await NarrowNetwork.open(world, uplinkBytes);
  const redirect = await scene.redirect("node", { KUBECONFIG: slowNetwork.kubeconfig });
  const bulk = scene.redirectedClient({ strict: false }), small = scene.redirectedClient({ strict: false });
  const p99 = (times: readonly number[]) => milliseconds(quantile(times, 0.99));
  const load = { kind: "get", bytes: 1000, atOnce: slowOthers, everyMs } as const;
  const alone = await small.run({ ...load, forMs });
  const [whole, beside] = await Promise.all([
    bulk.run({ kind: "get", bytes: slowBytes, atOnce: 1, connections: 1 }),
    small.run({ ...load, forMs: slowBytes / uplinkBytes * 900 }),
  ]);
  const lost = redirect.lines.filter((line) => line.includes('"redir.lost"')).length;
  const toPod = redirect.lines.filter((line) => line.includes('"servedBy":"pod"')).length;
  const byPod = (whole.by["P"] ?? 0) + (beside.by["P"] ?? 0);
  return [
    {
      what: `${slowBytes / 1e6} MB over an uplink of ${uplinkBytes / 1e6} MB/s: what fell back to the pod`,
      scope: `${Math.max(toPod, byPod)} connections, ${lost} times lost, in ${(whole.tookMs / 1000).toFixed(1)} s`,
      ...{ aim: "0", met: lost + toPod + byPod === 0 },
    },
    {
      what: `p99 of ${slowOthers} others beside it / without it`,
      scope: p99(beside.times),
      other: p99(alone.times),
    },
  ];
}
