import { CHECKOUT } from "./cluster_script.ts";
import type { PodNetwork } from "./pod_network.ts";

/** Kernel interface through which Istio creates its rules. */
export type RulesMade = "legacy" | "nft" | "native";

const captured = `${CHECKOUT}/tests/testdata/istio`;

/** Creates the captured rules of Istio's program in a pod, see scripts/capture-istio. `dns` adds those for a nameserver. */
export async function makeIstioRules(network: PodNetwork, made: RulesMade, dns?: string): Promise<void> {
  const restore = async (name: string, ...program: string[]) => {
    const text = await Deno.readTextFile(`${captured}/${name}`);
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, dns === undefined ? text : text.replaceAll("10.96.0.10", dns));
      await network.run(...program, file);
    } finally {
      await Deno.remove(file);
    }
  };
  if (made === "native") return await restore("native.nft", "nft", "-f");
  const prefix = dns === undefined ? "" : "dns_";
  await restore(`${prefix}iptables.txt`, `iptables-${made}-restore`);
  await restore(`${prefix}ip6tables.txt`, `ip6tables-${made}-restore`);
}

export async function removeIstioRules(network: PodNetwork, made: RulesMade): Promise<void> {
  if (made === "native") {
    for (const table of ["nat", "raw"]) await network.run("nft", "delete", "table", "inet", `istio-proxy-${table}`);
    return;
  }
  for (const program of ["iptables", "ip6tables"]) {
    for (const table of ["nat", "raw"]) await network.run(`${program}-${made}`, "-t", table, "-F");
  }
}
