import type { Network } from "./network.ts";

/** Ports to which sidecars redirect incoming connections: Istio's and Kuma's, and Linkerd's. */
const inboundPorts = [15006, 4143];

/** Users that sidecars run as: their listening ports are not the application's. Istio and Kuma, Linkerd. */
export const sidecarUsers: readonly number[] = [1337, 5678, 2102];

/** Returns true when rules, as iptables-save and nft print them, redirect incoming connections to a sidecar. Pure. */
export function catchesInbound(rules: string): boolean {
  return inboundPorts.some((port) =>
    new RegExp(`^(-A .*-j REDIRECT .*--to-ports |.* redirect to :)${port}\\b`, "m").test(rules)
  );
}

/** Istio's capture of the connections that a pod makes. */
export interface OutgoingCapture {
  /** Port to which the rules redirect. */
  port: number;
  /** True when DNS queries are captured, too. */
  dns: boolean;
  /** Users whose connections are not captured: the sidecar's own. */
  users: number[];
  groups: number[];
}

/**
 * Returns the capture, from rules as iptables-save or nft print them; undefined when no rule of Istio captures outgoing
 * connections, for example because its jump was removed. Pure.
 */
export function outgoingCapture(rules: string): OutgoingCapture | undefined {
  const taken = /^-A OUTPUT .*-j ISTIO_OUTPUT$/m.test(rules) && /^-A ISTIO_OUTPUT .*-j ISTIO_REDIRECT$/m.test(rules)
    ? /^-A ISTIO_REDIRECT .*-j REDIRECT --to-ports (\d+)/m.exec(rules)
    : /jump istio-output$/m.test(rules) && /jump istio-redirect$/m.test(rules)
    ? /^\s*chain istio-redirect \{\s*.*redirect to :(\d+)$/m.exec(rules)
    : null;
  if (taken === null) return undefined;
  const passed = (owner: string, sk: string) => {
    const found = rules.matchAll(
      new RegExp(
        `^(?:-A ISTIO_OUTPUT -m owner --${owner}-owner (\\d+) -j RETURN|\\s*meta ${sk} (\\d+) .*return)$`,
        "gm",
      ),
    );
    return [...new Set([...found].map(([, iptables, nft]) => Number(iptables ?? nft)))];
  };
  return {
    port: Number(taken[1]),
    dns: /^-A .*-p udp .*--dport 53 .*-j REDIRECT|^\s*.*udp dport 53 .*redirect to /m.test(rules),
    users: passed("uid", "skuid"),
    groups: passed("gid", "skgid"),
  };
}

/** The rules of a network that a mesh may have made. */
export interface NetworkRules {
  text: string;
  /** Reasons why some rules could not be read. */
  unread: string[];
}

/** Reads the iptables rules by both of the kernel's interfaces, and the nftables rules that Istio makes without iptables. */
export async function networkRules(network: Pick<Network, "enter" | "legacyRules">): Promise<NetworkRules> {
  const ask = async (command: readonly string[], needed: boolean): Promise<NetworkRules> => {
    const [program = "", ...args] = [...network.enter, ...command];
    const output = new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
    const { success, stdout } = await output.catch(() => ({ success: false, stdout: undefined }));
    const unread = !success && needed ? [`${command[0]} is missing or fails`] : [];
    return { text: success ? new TextDecoder().decode(stdout) : "", unread };
  };
  const answers = await Promise.all([
    // When asked for all tables, iptables-save creates none.
    ...["iptables-nft-save", "ip6tables-nft-save"].map((program) => ask([program], true)),
    ask(["nft", "--stateless", "list", "table", "inet", "istio-proxy-nat"], false),
    legacy(network),
  ]);
  return { text: answers.map(({ text }) => text).join("\n"), unread: answers.flatMap(({ unread }) => unread) };
}

function legacy(network: Pick<Network, "legacyRules">): NetworkRules {
  try {
    return { text: network.legacyRules().join("\n"), unread: [] };
  } catch (error) {
    return { text: "", unread: [`rules of iptables-legacy (${(error as Error).message})`] };
  }
}
