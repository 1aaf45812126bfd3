import { findDestinations } from "../../connect/destinations.ts";
import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, PingSkipped } from "../../event.ts";
import type { Destination } from "../../target.ts";
import { now } from "../../lib/timed.ts";
import { merge } from "../../lib/merge.ts";
import { targetQuery } from "../../options.ts";
import { byIcmp } from "../../runs/by_icmp.ts";
import { observe } from "../../runs/observe.ts";
import { type HpingPlan, needs } from "./command.ts";
import { hpingTool } from "./tool.ts";

/** hping3 takes one destination; each more is one more process of it. */
const mostDestinations = 64;

/** Sends packets to the destinations of the plan, to all at once. Returns the greatest exit code of hping3. */
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

/** hping3 listens on the way out, where a packet to oneself never comes by. */
function withoutSelf(destinations: readonly Destination[], own: readonly string[]) {
  const reachable = destinations.filter(({ address }) => !own.includes(address));
  // Asked for by name it is tried all the same.
  if (reachable.length === 0) return { reachable: destinations, self: [] };
  const self = destinations.filter((one) => !reachable.includes(one)).map((one): PingSkipped => ({
    type: "ping.skipped",
    time: now(),
    pod: one.pod ?? one.address,
    namespace: one.namespace ?? "",
    ...(one.node === undefined ? {} : { node: one.node }),
    reason: "hping3 does not see what comes back from the target itself",
  }));
  return { reachable, self };
}

/** What a stream has until it fails: that something cannot be watched is no reason to stop. */
async function* quiet(events: AsyncIterable<Event>): AsyncIterable<Event> {
  try {
    yield* events;
  } catch {
    // not allowed to watch
  }
}
