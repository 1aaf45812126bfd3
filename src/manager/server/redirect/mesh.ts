import type { Network } from "./network.ts";

/** The ports to which sidecars redirect what comes to their pod: Istio's and Kuma's, and Linkerd's. */
const inboundPorts = [15006, 4143];

/** The users that sidecars run as: what they listen on is no application. Istio and Kuma, Linkerd. */
export const sidecarUsers: readonly number[] = [1337, 5678, 2102];

/** Whether rules, as iptables-save and nft print them, let a sidecar take what comes to the pod. Pure. */
export function catchesInbound(rules: string): boolean {
  return inboundPorts.some((port) =>
    new RegExp(`^(-A .*-j REDIRECT .*--to-ports |.* redirect to :)${port}\\b`, "m").test(rules)
  );
}

/** How the rules of Istio take the connections that a pod makes. */
export interface OutgoingCapture {
  /** Where they lead. */
  port: number;
  /** DNS queries are taken, too. */
  dns: boolean;
  /** Whose connections are let through: the sidecar's own. */
  users: number[];
  groups: number[];
}

/**
 * Of rules as iptables-save or nft print them; undefined when nothing of Istio's takes what the pod connects to, be it that
 * somebody has cut off the way there. Pure.
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

/** The rules of a network, as far as a mesh could have made them. */
export interface NetworkRules {
  text: string;
  /** Why it may have more. */
  unread: string[];
}

/** Asks for rules of iptables, by either of the kernel's two interfaces, and for those that Istio makes without it. */
export async function networkRules(network: Pick<Network, "enter" | "legacyRules">): Promise<NetworkRules> {
  const ask = async (command: readonly string[], needed: boolean): Promise<NetworkRules> => {
    const [program = "", ...args] = [...network.enter, ...command];
    const output = new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
    const { success, stdout } = await output.catch(() => ({ success: false, stdout: undefined }));
    const unread = !success && needed ? [`${command[0]} is missing or fails`] : [];
    return { text: success ? new TextDecoder().decode(stdout) : "", unread };
  };
  const told = await Promise.all([
    // Asked for all tables, none is made new.
    ...["iptables-nft-save", "ip6tables-nft-save"].map((program) => ask([program], true)),
    ask(["nft", "--stateless", "list", "table", "inet", "istio-proxy-nat"], false),
    legacy(network),
  ]);
  return { text: told.map(({ text }) => text).join("\n"), unread: told.flatMap(({ unread }) => unread) };
}

function legacy(network: Pick<Network, "legacyRules">): NetworkRules {
  try {
    return { text: network.legacyRules().join("\n"), unread: [] };
  } catch (error) {
    return { text: "", unread: [`rules of iptables-legacy (${(error as Error).message})`] };
  }
}
