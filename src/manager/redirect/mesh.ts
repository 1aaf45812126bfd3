/** The ports to which sidecars redirect what comes to their pod: Istio's and Kuma's, and Linkerd's. */
const inboundPorts = [15006, 4143];

/** The users that sidecars run as: what they listen on is no application. Istio and Kuma, Linkerd. */
export const sidecarUsers: readonly number[] = [1337, 5678, 2102];

/** Whether rules, as iptables-save prints them, let a sidecar take what comes to the pod. Pure. */
export function catchesInbound(rules: string): boolean {
  return inboundPorts.some((port) => new RegExp(`^-A .*-j REDIRECT .*--to-ports ${port}\\b`, "m").test(rules));
}

/** All rules of iptables in a network; `enter` is what stands before a command to get there. */
export async function iptablesRules(enter: readonly string[]): Promise<string> {
  // Rules may have been made through either of the kernel's two interfaces. Asked for all tables, none is made new.
  const programs = ["iptables-nft-save", "iptables-legacy-save", "ip6tables-nft-save", "ip6tables-legacy-save"];
  const texts = programs.map(async (save) => {
    const [program = "", ...args] = [...enter, save];
    const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  });
  return (await Promise.allSettled(texts)).map((text) => text.status === "fulfilled" ? text.value : "").join("\n");
}
