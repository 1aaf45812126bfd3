import type { Target } from "../../protocol/gen/manager_pb.ts";
import type { TcpSocketSeen } from "../../../lib/proc.ts";
import { parseTcp } from "../../../lib/proc.ts";
import { containerPid, podPid, readProc } from "../processes.ts";
import { AF_INET, AF_INET6, ipv6Text } from "./address.ts";
import { legacyRules } from "./legacy_table.ts";
import { close, inNamespace, openNamespace, readLegacyTable } from "./socket_calls.ts";
import { refusal } from "../refusal.ts";

/** The network namespace of a process. It persists while this object holds it, even after the process has ended. */
export class Network implements Disposable {
  readonly #home: number;
  readonly #there: number;

  /** `own`: the namespace is this manager's, and entering it needs no right. */
  constructor(private readonly pid: number, private readonly own: boolean) {
    this.#home = openNamespace("/proc/self/ns/net");
    try {
      this.#there = openNamespace(`/proc/${own ? "self" : pid}/ns/net`);
    } catch (error) {
      close(this.#home);
      throw error;
    }
  }

  /**
   * Returns the network of a pod, or the manager's own if the manager is in the pod. Throws ConnectError when the pod does
   * not run here, and when it uses its node's network: rules there would catch other pods' traffic and scope's own
   * connections.
   */
  static of(target: Target | undefined, sharedNamespaces: boolean): Network {
    const { containerId = "", podUid = "", pid = 0 } = target ?? {};
    const process = sharedNamespaces ? Deno.pid : pid || (containerPid(containerId) ?? podPid(podUid));
    if (process === undefined) throw refusal("NOT_RUNNING", "the pod has no process on this node");
    const network = new Network(process, sharedNamespaces);
    if (sharedNamespaces || !network.isHome) return network;
    network[Symbol.dispose]();
    throw refusal("NODE_NETWORK", "it has the network of its node");
  }

  /** True for the manager's own network, which is the node's if the manager is not in the pod. */
  get isHome(): boolean {
    return Deno.readLinkSync(`/proc/self/fd/${this.#home}`) === Deno.readLinkSync(`/proc/self/fd/${this.#there}`);
  }

  /** Runs `body`, which creates sockets, in that network. `body` must be synchronous. */
  within<T>(body: () => T): T {
    return this.own ? body() : inNamespace(this.#home, this.#there, body);
  }

  /** Prefix of a command that runs in that network. */
  get enter(): string[] {
    return this.own ? [] : ["nsenter", `--net=/proc/${Deno.pid}/fd/${this.#there}`, "--"];
  }

  /** Returns the TCP sockets of that network. */
  sockets(): TcpSocketSeen[] {
    const pid = this.own ? "self" : this.pid;
    return ["net/tcp", "net/tcp6"].flatMap((file) => parseTcp(readProc(pid, file) ?? ""));
  }

  /**
   * Returns the nat rules of the older of the kernel's two interfaces for iptables, which nft does not show. Reading does
   * not create a table.
   */
  legacyRules(): string[] {
    const pid = this.own ? "self" : this.pid;
    return ([["net/ip_tables_names", AF_INET], ["net/ip6_tables_names", AF_INET6]] as const).flatMap(
      ([file, family]) => {
        if (!(readProc(pid, file) ?? "").split("\n").includes("nat")) return [];
        return legacyRules(this.within(() => readLegacyTable(family, "nat")), family);
      },
    );
  }

  /** Returns the gateways of the default routes: for a pod, its node. */
  gateways(): string[] {
    const pid = this.own ? "self" : this.pid;
    return [...gatewaysOf(readProc(pid, "net/route") ?? ""), ...ipv6GatewaysOf(readProc(pid, "net/ipv6_route") ?? "")];
  }

  [Symbol.dispose](): void {
    close(this.#home);
    close(this.#there);
  }
}

/** Returns the gateways of the default routes in /proc/PID/net/route, whose words are in the machine's byte order. */
export function gatewaysOf(text: string): string[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, destination, gateway] = line.split("\t");
    if (destination !== "00000000" || gateway === undefined || gateway === "00000000") return [];
    return [(gateway.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).reverse().join(".")];
  });
}

/** Returns the gateways of the default routes in /proc/PID/net/ipv6_route. */
export function ipv6GatewaysOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [destination, length, , , gateway] = line.split(/\s+/);
    if (destination !== "0".repeat(32) || length !== "00" || gateway === undefined || /^0*$/.test(gateway)) return [];
    return [ipv6Text((gateway.match(/.{4}/g) ?? []).map((word) => parseInt(word, 16)))];
  });
}
