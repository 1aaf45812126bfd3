import { Code, ConnectError } from "@connectrpc/connect";
import type { Target } from "../../protocol/gen/manager_pb.ts";
import type { TcpSocketSeen } from "../../../lib/proc.ts";
import { parseTcp } from "../../../lib/proc.ts";
import { containerPid, podPid, readProc } from "../processes.ts";
import { AF_INET, AF_INET6, ipv6Text } from "./address.ts";
import { legacyRules } from "./legacy_table.ts";
import { close, inNamespace, openNamespace, readLegacyTable } from "./socket_calls.ts";

const nodeNetwork = "it has the network of its node";

/** The network namespace that a process is in. It stays there for as long as this is held, even without the process. */
export class Network implements Disposable {
  readonly #home: number;
  readonly #there: number;

  /** `own`: that of this manager itself, which then needs no right to enter it. */
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
   * That of a pod, or the manager's own where it is in the pod itself. Throws ConnectError when the pod does not run here,
   * and when it has the network of its node: rules there would catch what is not the pod's, and scope's own connections.
   */
  static of(target: Target | undefined, sharedNamespaces: boolean): Network {
    const { containerId = "", podUid = "", pid = 0 } = target ?? {};
    const process = sharedNamespaces ? Deno.pid : pid || (containerPid(containerId) ?? podPid(podUid));
    if (process === undefined) throw new ConnectError("the pod has no process on this node", Code.NotFound);
    const network = new Network(process, sharedNamespaces);
    if (sharedNamespaces || !network.isHome) return network;
    network[Symbol.dispose]();
    throw new ConnectError(nodeNetwork, Code.FailedPrecondition);
  }

  /** It is the manager's own: where that is beside pods and not in one, the node's. */
  get isHome(): boolean {
    return Deno.readLinkSync(`/proc/self/fd/${this.#home}`) === Deno.readLinkSync(`/proc/self/fd/${this.#there}`);
  }

  /** Lets `body` make sockets there. It must not wait. */
  within<T>(body: () => T): T {
    return this.own ? body() : inNamespace(this.#home, this.#there, body);
  }

  /** What stands before a command that is to run there. */
  get enter(): string[] {
    return this.own ? [] : ["nsenter", `--net=/proc/${Deno.pid}/fd/${this.#there}`, "--"];
  }

  /** Its TCP sockets. */
  sockets(): TcpSocketSeen[] {
    const pid = this.own ? "self" : this.pid;
    return ["net/tcp", "net/tcp6"].flatMap((file) => parseTcp(readProc(pid, file) ?? ""));
  }

  /** The nat rules of the older of the kernel's two interfaces for iptables, which nft does not see. None is made by asking. */
  legacyRules(): string[] {
    const pid = this.own ? "self" : this.pid;
    return ([["net/ip_tables_names", AF_INET], ["net/ip6_tables_names", AF_INET6]] as const).flatMap(
      ([file, family]) => {
        if (!(readProc(pid, file) ?? "").split("\n").includes("nat")) return [];
        return legacyRules(this.within(() => readLegacyTable(family, "nat")), family);
      },
    );
  }

  /** Where its default routes lead to: for a pod, its node. */
  gateways(): string[] {
    const pid = this.own ? "self" : this.pid;
    return [...gatewaysOf(readProc(pid, "net/route") ?? ""), ...ipv6GatewaysOf(readProc(pid, "net/ipv6_route") ?? "")];
  }

  [Symbol.dispose](): void {
    close(this.#home);
    close(this.#there);
  }
}

/** The gateways of the default routes in /proc/PID/net/route, whose words are in the machine's order. */
export function gatewaysOf(text: string): string[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [, destination, gateway] = line.split("\t");
    if (destination !== "00000000" || gateway === undefined || gateway === "00000000") return [];
    return [(gateway.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).reverse().join(".")];
  });
}

/** The same of /proc/PID/net/ipv6_route. */
export function ipv6GatewaysOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [destination, length, , , gateway] = line.split(/\s+/);
    if (destination !== "0".repeat(32) || length !== "00" || gateway === undefined || /^0*$/.test(gateway)) return [];
    return [ipv6Text((gateway.match(/.{4}/g) ?? []).map((word) => parseInt(word, 16)))];
  });
}
