import { defineCommand, flag, list, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { destinationQuery } from "../../runs/destination_query.ts";
import type { DestinationQuery } from "../../target.ts";

export interface HpingPlan {
  destinations: DestinationQuery;
  /** Arguments of hping3, without the destination. */
  args: readonly string[];
}

export const needs = { capabilities: ["NET_RAW"] } as const;

export const hping = defineCommand({
  name: "hping",
  summary: "Send TCP, UDP or ICMP packets of any kind to pods or hosts from the target's network, with hping3",
  arguments: "[host...]",
  options: {
    destPod: list("-d, --dest-pod <name>", "to this pod: NAME or TYPE/NAME; may be given several times", {
      values: "running-pod",
    }),
    destNamespace: text("-N, --dest-namespace <name>", "namespace of the destinations (default: the target's)", {
      values: "namespace",
    }),
    all: flag("-a, --all", "to all pods of the namespace"),
    count: parsed("-c, --count <n>", "packets for each destination (default: until Ctrl-C)", packets),
  },
  needs,
  permissions: ["target", "way", "destinations"],
  examples: [
    ["scope -n shop -p web hping -N data -d db -- -S -p 5432 -c 3", "three SYNs to a pod's port"],
    ["scope -n shop -p web hping example.com -- --traceroute -S -p 443", "the way to a host, by TCP"],
    ["scope -n shop -p web hping -a -- --icmp -c 1", "every pod of the namespace, at once"],
  ],
  plan({ count, ...given }, operands): HpingPlan {
    const { hosts, args } = split(operands), destinations = destinationQuery(given, hosts, [4]);
    if (destinations === undefined) {
      throw new ScopeError("usage", "No destination specified", {
        hint: "give -a for all pods of the namespace, -d POD, -N NAMESPACE or a HOST; hping3's options come after --",
      });
    }
    return { destinations, args: [...count === undefined ? [] : ["-c", count], ...args] };
  },
  load: () => import("./run.ts"),
});

function packets(option: string, text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, { hint: "it is a whole number from 1 on" });
}

/** Splits the arguments: hosts come first; from the first dash on, all are for hping3, which takes options only. */
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
