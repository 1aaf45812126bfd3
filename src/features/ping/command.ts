import { defineCommand, flag, list, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { count, seconds } from "../../options.ts";
import { destinationQuery } from "../../runs/destination_query.ts";
import type { DestinationQuery } from "../../target.ts";

export interface PingPlan {
  destinations: DestinationQuery;
  /** Pings for each destination; 0 means no limit. */
  count: number;
  intervalMs: number;
  graph: boolean;
}

/** NET_RAW is optional: without it, hosts are pinged by unprivileged ICMP or TCP. */
export const needs = { wanted: ["NET_RAW"] } as const;

export const ping = defineCommand({
  name: "ping",
  summary: "Ping pods or hosts from the target's network",
  arguments: "[host...]",
  needs,
  permissions: ["target", "way", "destinations"],
  options: {
    destPod: list("-d, --dest-pod <name>", "ping this pod: NAME or TYPE/NAME; may be given several times", {
      values: "running-pod",
    }),
    destNamespace: text("-N, --dest-namespace <name>", "namespace of what is pinged (default: the target's)", {
      values: "namespace",
    }),
    all: flag("-a, --all", "ping all pods of the namespace"),
    count: parsed(
      "-c, --count <n>",
      "pings for each destination, 0 for no end (default: 5, with -g 0)",
      count,
    ),
    interval: parsed(
      "-i, --interval <seconds>",
      "time between two pings of a destination (default: 1)",
      seconds,
    ),
    graph: flag("-g, --graph", "live graph"),
    ipv4: flag("-4, --ipv4", "the pods' IPv4 addresses (default: their primary ones)"),
    ipv6: flag("-6, --ipv6", "the pods' IPv6 addresses"),
  },
  examples: [
    ["scope -n shop -p web ping -a -g", "all pods of the namespace, live"],
    ["scope -n shop -p web ping -d db -N data", "one pod in another namespace"],
    ["scope -n shop -p web ping -c 3 example.com", "a host"],
  ],
  plan({ count, interval = 1, graph, ipv4, ipv6, ...given }, hosts): PingPlan {
    const families = [...ipv4 ? [4 as const] : [], ...ipv6 ? [6 as const] : []];
    const destinations = destinationQuery(given, hosts, families);
    if (destinations === undefined) {
      throw new ScopeError("usage", "No destination specified", {
        hint: "give -a for all pods of the namespace, -d POD, -N NAMESPACE or a HOST",
      });
    }
    const wrong = hosts.find((host) => !/^[^\s-]\S*$/.test(host));
    if (wrong !== undefined) {
      throw new ScopeError("usage", `Host cannot be "${wrong}"`, { hint: "it is a name or an address" });
    }
    return {
      destinations,
      count: count ?? (graph ? 0 : 5),
      intervalMs: Math.round(interval * 1000),
      graph,
    };
  },
  load: () => import("./run.ts"),
});
