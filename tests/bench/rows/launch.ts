import { alternate } from "../alternate.ts";
import { compare, milliseconds } from "../table.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** Shell script that starts a bare pod of the same image on the same node and waits until it runs. */
const bare = `kubectl -n "$0" run bare --image="$1" --image-pull-policy=Never --overrides="$2" &&
exec kubectl -n "$0" wait pod/bare --for=jsonpath='{.status.phase}'=Running --timeout=60s`;

/** Compares the time from no debug pod until its manager answers with that of a bare pod of the same image until it runs. */
export async function launch(world: World, runs: number): Promise<Row[]> {
  await world.scope("cleanup", "-p", "all");
  const overrides = JSON.stringify({ spec: { nodeName: world.node } });
  const times = await alternate(
    {
      ...world.program(world.scopeArgv("launch")),
      reset: async () => void await world.scope("cleanup", "-p", "all"),
    },
    {
      ...world.program(["sh", "-c", bare, world.namespace, world.image, overrides]),
      reset: async () => void await world.here("delete", "pod", "bare", "--now"),
    },
    Math.ceil(runs / 3),
  );
  return [compare("cold `scope launch` / `kubectl run` until Running", { ...times, format: milliseconds, aim: 1.3 })];
}
