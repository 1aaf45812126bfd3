import { findDestinations } from "../../connect/destinations.ts";
import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, PingSkipped } from "../../event.ts";
import type { Destination } from "../../target.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import { merge } from "../../lib/merge.ts";
import { targetQuery } from "../../options.ts";
import { byIcmp } from "../../runs/by_icmp.ts";
import { observe } from "../../runs/observe.ts";
import { type HpingPlan, needs } from "./command.ts";
import { hpingTool } from "./tool.ts";

/** Limit of destinations: hping3 takes only one, so each needs a process. */
const mostDestinations = 64;

/** Sends packets to all destinations of the plan at once. Returns the greatest exit code of hping3. */
export async function run(context: Context, plan: HpingPlan, find = findDestinations): Promise<number> {
  const destinations = await find(context, plan.destinations);
  const { skipped, watch } = destinations;
  if (destinations.reachable.length > mostDestinations) {
    throw new ScopeError("usage", `Cannot send to ${destinations.reachable.length} destinations at once`, {
      hint: `every one takes an hping3 of its own: choose up to ${mostDestinations}, or use ping`,
    });
  }
  await using client = await context.enter(targetQuery(context.options), needs);
  const { reachable, self } = withoutSelf(destinations.reachable.map(byIcmp), client.target.ips);
  const alone = reachable.length === 1;
  const tools = reachable.map((destination) => hpingTool({ destination, args: plan.args, alone }));
  const ended = new AbortController();
  const running = merge(tools.map((tool) => observe(client, tool, context.signal)));
  const untilAllEnded = async function* (): AsyncIterable<Event> {
    yield* [...skipped, ...self];
    try {
      yield* running;
    } finally {
      ended.abort();
    }
  };
  const gone = watch(AbortSignal.any([context.signal, ended.signal]));
  const shown = await context.show(merge<Event>([untilAllEnded(), quiet(gone)]));
  return shown > 1 ? shown : Math.max(...tools.map((tool) => tool.exitCode())) || shown;
}

/** Separates the target itself: hping3 captures on the outgoing interface, which packets to the target do not pass. */
function withoutSelf(destinations: readonly Destination[], own: readonly string[]) {
  const reachable = destinations.filter(({ address }) => !own.includes(address));
  // A target that is the only destination is tried all the same.
  if (reachable.length === 0) return { reachable: destinations, self: [] };
  const self = destinations.filter((one) => !reachable.includes(one)).map((one): PingSkipped => ({
    type: "ping.skipped",
    time: now(),
    pod: one.pod ?? one.address,
    namespace: one.namespace ?? "",
    ...defined({ node: one.node }),
    reason: "hping3 does not see what comes back from the target itself",
  }));
  return { reachable, self };
}

/** Yields the events of a stream until it fails: a watch that fails does not stop the command. */
async function* quiet(events: AsyncIterable<Event>): AsyncIterable<Event> {
  try {
    yield* events;
  } catch {
    // not allowed to watch
  }
}
