import { findDestinations } from "../../connect/destinations.ts";
import type { Context, TargetClient } from "../../context.ts";
import type { Event, PingGone } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { targetQuery } from "../../options.ts";
import { observe } from "../../runs/observe.ts";
import { outputOf } from "../../runs/run_output.ts";
import { needs, type PingPlan } from "./command.ts";
import { icmpProbe, readIcmpProbe } from "./ping_group_range.ts";
import { howPinged } from "./ping_plan.ts";
import type { PingOptions, PingTool } from "./ping_target.ts";
import { pingTool } from "./tool.ts";
import { unprivilegedPingTool } from "./unprivileged_ping.ts";

/** Pings the destinations of the plan. Returns 0 if all answered, 1 if some did, 2 if none did. */
export async function run(context: Context, plan: PingPlan, find = findDestinations): Promise<number> {
  const destinations = await find(context, plan.destinations);
  const wanted = { destinations: destinations.reachable, count: plan.count, intervalMs: plan.intervalMs };
  const fping = pingTool(wanted);
  await using client = await context.enter(targetQuery(context.options), needs);
  const tool = client.capabilities.has("NET_RAW") ? fping : await unprivileged(client, wanted, context);
  const gone = (signal: AbortSignal) => goneEvents(tool, destinations.watch(signal));
  const events = prepend(
    [...destinations.skipped, ...tool.begin(now())],
    observe(client, tool, context.signal, gone),
  );
  const live = async () => (await import("./graph.ts")).graphRenderer;
  const shown = await context.show(events, plan.graph ? { live } : {});
  // The exit code of a signal comes first, then the tool's, then that of a failure event.
  return shown > 1 ? shown : tool.exitCode() || shown;
}

/** Returns a tool for use without NET_RAW, where fping would report hosts that answer as lost. */
async function unprivileged(
  client: TargetClient,
  options: PingOptions,
  { notice, signal }: Context,
): Promise<PingTool> {
  const { stdout } = await outputOf(client.run({ argv: icmpProbe, namespaces: ["net"] }), signal);
  const why = readIcmpProbe(stdout);
  const tool = unprivilegedPingTool({ ...options, ...(why === undefined ? {} : { mostIcmp: 0 }) });
  const { plan } = tool;
  notice(howPinged(plan, why));
  if (plan.intervalMs > options.intervalMs) {
    notice(`pinging every ${plan.intervalMs / 1000} s: more often takes NET_RAW`);
  }
  return tool;
}

async function* goneEvents(tool: PingTool, gone: AsyncIterable<PingGone>): AsyncIterable<Event> {
  for await (const event of gone) yield* tool.gone(event, event.reason, event.time);
}

async function* prepend(first: Iterable<Event>, rest: AsyncIterable<Event>): AsyncIterable<Event> {
  yield* first;
  yield* rest;
}
