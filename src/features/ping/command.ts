import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, PingGone } from "../../event.ts";
import { now } from "../../event.ts";
import type { Beside, Context } from "../../context.ts";
import { observe } from "../../runs/observe.ts";
import { count, seconds, targetQuery } from "../../options.ts";
import { outputOf } from "../../runs/run_output.ts";
import { icmpProbe, readIcmpProbe } from "./ping_group_range.ts";
import type { PingOptions, PingTool } from "./ping_target.ts";
import { pingTool } from "./tool.ts";
import { howPinged } from "./ping_plan.ts";
import { unprivilegedPingTool } from "./unprivileged_ping.ts";

/** Without it most hosts can be pinged all the same, but not so well. */
const needs = { wanted: ["NET_RAW"] } as const;

export const ping: Command = {
  name: "ping",
  summary: "Ping pods or hosts from the target's network",
  arguments: "[host...]",
  needs,
  asks: ["target", "way", "destinations"],
  options: [
    {
      flags: "-d, --dest-pod <name>",
      description: "ping this pod: NAME or TYPE/NAME; may be given several times",
      repeatable: true,
      values: "running-pod",
    },
    {
      flags: "-N, --dest-namespace <name>",
      description: "namespace of what is pinged (default: the target's)",
      values: "namespace",
    },
    { flags: "-a, --all", description: "ping all pods of the namespace" },
    { flags: "-c, --count <n>", description: "pings for each destination, 0 for no end (default: 5, with -g 0)" },
    { flags: "-i, --interval <seconds>", description: "time between two pings of a destination (default: 1)" },
    { flags: "-g, --graph", description: "live graph" },
    { flags: "-4, --ipv4", description: "the pods' IPv4 addresses (default: their primary ones)" },
    { flags: "-6, --ipv6", description: "the pods' IPv6 addresses" },
  ],
  examples: [
    ["scope -n shop -p web ping -a -g", "all pods of the namespace, live"],
    ["scope -n shop -p web ping -d db -N data", "one pod in another namespace"],
    ["scope -n shop -p web ping -c 3 example.com", "a host"],
  ],
  async run(context, options, hosts) {
    const graph = options.graph === true;
    const pods = Array.isArray(options.destPod) ? options.destPod as string[] : [];
    const packets = typeof options.count === "string" ? count("count", options.count) : graph ? 0 : 5;
    const intervalMs = Math.round(seconds("interval", String(options.interval ?? 1)) * 1000);
    const all = options.all === true ||
      (pods.length === 0 && hosts.length === 0 && options.destNamespace !== undefined);
    if (!all && pods.length === 0 && hosts.length === 0) {
      throw new ScopeError("usage", "Nothing says what to ping", {
        hint: "give -a for all pods of the namespace, -d POD, -N NAMESPACE or a HOST",
      });
    }
    const wrong = hosts.find((host) => !/^[^\s-]\S*$/.test(host));
    if (wrong !== undefined) {
      throw new ScopeError("usage", `Host cannot be "${wrong}"`, { hint: "it is a name or an address" });
    }
    const destinations = await context.destinations({
      pods,
      all,
      hosts,
      ...(typeof options.destNamespace === "string" ? { namespace: options.destNamespace } : {}),
      families: [...options.ipv4 === true ? [4 as const] : [], ...options.ipv6 === true ? [6 as const] : []],
    });
    const wanted = { destinations: destinations.reachable, count: packets, intervalMs };
    const quick = pingTool(wanted);
    await using beside = await context.enter(targetQuery(context.options), needs);
    const tool = beside.capabilities.has("NET_RAW") ? quick : await unprivileged(beside, wanted, context);
    const gone = (signal: AbortSignal) => goneEvents(tool, destinations.watch(signal));
    const events = prepend(
      [...destinations.skipped, ...tool.begin(now())],
      observe(beside, tool, context.signal, gone),
    );
    const shown = await context.show(events, graph ? "graph" : "text");
    // A signal says more than what was lost, and the tool more than that something failed.
    return shown > 1 ? shown : tool.exitCode() || shown;
  },
};

/** Without NET_RAW fping reports hosts that answer as lost. */
async function unprivileged(beside: Beside, options: PingOptions, { say, signal }: Context): Promise<PingTool> {
  const { stdout } = await outputOf(beside.run({ argv: icmpProbe, namespaces: ["net"] }), signal);
  const why = readIcmpProbe(stdout);
  const tool = unprivilegedPingTool({ ...options, ...(why === undefined ? {} : { mostIcmp: 0 }) });
  const { plan } = tool;
  say(howPinged(plan, why));
  if (plan.intervalMs > options.intervalMs) say(`pinging every ${plan.intervalMs / 1000} s: more often takes NET_RAW`);
  return tool;
}

async function* goneEvents(tool: PingTool, gone: AsyncIterable<PingGone>): AsyncIterable<Event> {
  for await (const event of gone) yield* tool.gone(event, event.reason, event.time);
}

async function* prepend(first: Iterable<Event>, rest: AsyncIterable<Event>): AsyncIterable<Event> {
  yield* first;
  yield* rest;
}
