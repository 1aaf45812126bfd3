import { runCleanup, runShown } from "../lib/run.ts";

const LOSES = `table inet scope-ping {
  chain input {
    type filter hook input priority 0;
    ip daddr 10.77.0.3 icmp type echo-request numgen inc mod 3 == 1 drop
    ip daddr 10.77.0.4 icmp type echo-request drop
    ip daddr 10.77.0.4 tcp dport 80 drop
  }
}
`;

const REFUSES_AND_DOUBLES = `table inet scope-ping {
  chain output {
    type filter hook output priority 0;
    ip daddr 10.77.0.7 drop
    ip daddr 10.77.0.8 icmp type echo-request numgen inc mod 3 == 1 drop
  }
}
table netdev scope-ping {
  chain egress {
    type filter hook egress device va priority 0;
    ip daddr 10.77.0.5 icmp type echo-request dup to va
  }
}
`;

/** Two network namespaces: pings go from one to the other, whose addresses answer, lose, refuse and double packets. */
export class PingNetwork implements AsyncDisposable {
  readonly #pinging = `scope-ping-a-${Deno.pid}`;
  readonly #answering = `scope-ping-b-${Deno.pid}`;

  private constructor() {}

  static async make(): Promise<PingNetwork> {
    const network = new PingNetwork();
    try {
      await network.#make();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Returns the command line of a program in the namespace from which the pings go. */
  fromPinging(...argv: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.#pinging, ...argv];
  }

  /** Returns the command line of a program in the namespace that is pinged. */
  fromAnswering(...argv: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.#answering, ...argv];
  }

  async #make(): Promise<void> {
    const a = this.#pinging, b = this.#answering;
    const ip = async (line: string) => await runShown(["ip", ...line.split(" ")]);
    await ip(`netns add ${a}`);
    await ip(`netns add ${b}`);
    await ip(`link add va netns ${a} type veth peer name vb netns ${b}`);
    for (const [namespace, device, host] of [[a, "va", 1], [b, "vb", 2]]) {
      await ip(`-n ${namespace} link set lo up`);
      await ip(`-n ${namespace} link set ${device} up`);
      await ip(`-n ${namespace} address add 10.77.0.${host}/24 dev ${device}`);
      await ip(`-n ${namespace} address add fd77::${host}/64 dev ${device} nodad`);
    }
    for (const host of [3, 4, 5, 8]) await ip(`-n ${b} address add 10.77.0.${host}/24 dev vb`);
    await runShown(this.fromAnswering("sysctl", "-qw", "net.ipv4.ip_forward=1"));
    await ip(`-n ${a} route add 10.99.0.0/24 via 10.77.0.2`);
    await ip(`-n ${b} route add unreachable 10.99.0.0/24`);
    await runShown(this.fromAnswering("nft", "-f", "-"), { stdin: LOSES });
    await runShown(this.fromPinging("nft", "-f", "-"), { stdin: REFUSES_AND_DOUBLES });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [this.#pinging, this.#answering]) await runCleanup(["ip", "netns", "delete", name]);
  }
}
