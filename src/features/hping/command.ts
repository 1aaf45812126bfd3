import { byIcmp } from "../../runs/by_icmp.ts";
import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { Destination, Event, PingSkipped } from "../../event.ts";
import { now } from "../../event.ts";
import { merge } from "../../lib/merge.ts";
import { observe } from "../../runs/observe.ts";
import { targetQuery } from "../../options.ts";
import { hpingTool } from "./tool.ts";

/** hping3 takes one destination; each more is one more process of it. */
const mostDestinations = 64;

const needs = { capabilities: ["NET_RAW"] } as const;

export const hping: Command = {
  name: "hping",
  summary: "Send TCP, UDP or ICMP packets of any kind to pods or hosts from the target's network, with hping3",
  arguments: "[host...]",
  options: [
    {
      flags: "-d, --dest-pod <name>",
      description: "to this pod: NAME or TYPE/NAME; may be given several times",
      repeatable: true,
      values: "running-pod",
    },
    {
      flags: "-N, --dest-namespace <name>",
      description: "namespace of the destinations (default: the target's)",
      values: "namespace",
    },
    { flags: "-a, --all", description: "to all pods of the namespace" },
    { flags: "-c, --count <n>", description: "packets for each destination (default: until Ctrl-C)" },
  ],
  needs,
  asks: ["target", "way", "destinations"],
  examples: [
    ["scope -n shop -p web hping -N data -d db -- -S -p 5432 -c 3", "three SYNs to a pod's port"],
    ["scope -n shop -p web hping example.com -- --traceroute -S -p 443", "the way to a host, by TCP"],
    ["scope -n shop -p web hping -a -- --icmp -c 1", "every pod of the namespace, at once"],
  ],
  async run(context, options, given) {
    const { hosts, args: more } = split(given);
    const args = [...typeof options.count === "string" ? ["-c", packets(options.count)] : [], ...more];
    const pods = Array.isArray(options.destPod) ? options.destPod as string[] : [];
    const all = options.all === true ||
      (pods.length === 0 && hosts.length === 0 && options.destNamespace !== undefined);
    if (!all && pods.length === 0 && hosts.length === 0) {
      throw new ScopeError("usage", "Nothing says where to send packets", {
        hint: "give -a for all pods of the namespace, -d POD, -N NAMESPACE or a HOST; hping3's options come after --",
      });
    }
    const destinations = await context.destinations({
      pods,
      all,
      hosts,
      ...(typeof options.destNamespace === "string" ? { namespace: options.destNamespace } : {}),
      families: [4],
    });
    const { skipped, watch } = destinations;
    if (destinations.reachable.length > mostDestinations) {
      throw new ScopeError("usage", `Cannot send to ${destinations.reachable.length} destinations at once`, {
        hint: `every one takes an hping3 of its own: choose up to ${mostDestinations}, or use ping`,
      });
    }
    await using beside = await context.enter(targetQuery(context.options), needs);
    const { reachable, self } = withoutSelf(destinations.reachable.map(byIcmp), beside.target.ips);
    const alone = reachable.length === 1;
    const tools = reachable.map((destination) => hpingTool({ destination, args, alone }));
    const ended = new AbortController();
    const running = merge(tools.map((tool) => observe(beside, tool, context.signal)));
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
  },
};

function packets(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new ScopeError("usage", `Option --count cannot be "${text}"`, { hint: "it is a whole number from 1 on" });
}

/** Hosts stand first; from the first dash on all is hping3's, which knows options only. */
function split(given: readonly string[]): { hosts: string[]; args: string[] } {
  const first = given.findIndex((word) => word.startsWith("-"));
  const hosts = first < 0 ? [...given] : given.slice(0, first);
  const wrong = hosts.find((host) => !/^\S+$/.test(host) || host.includes(":"));
  if (wrong !== undefined) {
    throw new ScopeError("usage", `Host cannot be "${wrong}"`, {
      hint: wrong.includes(":") ? "hping3 knows no IPv6; ping does" : "it is a name or an address",
    });
  }
  return { hosts, args: given.slice(hosts.length) };
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
