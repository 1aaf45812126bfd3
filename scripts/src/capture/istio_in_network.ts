/**
 * Usage: istio_in_network.ts SCRATCH DIRECTORY
 *
 * Runs istio-iptables of SCRATCH as in an injected pod, and writes the rules that it makes to DIRECTORY. Its network and mount
 * namespace must be its own.
 */
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { runScript } from "../lib/script.ts";
import { saveLegacyTables } from "./legacy_table.ts";

await runScript("", async ([scratch = "", directory = ""]) => {
  await makeNetwork(scratch);
  const make = async (...options: string[]) => {
    const same = "-p 15001 -z 15006 -u 1337 -m REDIRECT -i * -x  -b * -d 15090,15021,15020 --dual-stack";
    await runShown([`${scratch}/istio-iptables`, ...same.split(" "), ...options], { onLine: () => {} });
  };
  const save = async (prefix: string) => {
    for (const program of ["iptables", "ip6tables"]) {
      const rules = await runShown([`${program}-legacy-save`]);
      Deno.writeTextFileSync(`${directory}/${prefix}${program}.txt`, rules.replaceAll(/^#.*\n/gm, ""));
    }
  };
  const legacy = ["--force-iptables-binary", "legacy"];

  say("iptables");
  await make(...legacy);
  await save("");
  saveLegacyTables(directory);
  await make(...legacy, "--cleanup-only");
  say("iptables with DNS");
  await make(...legacy, "--redirect-dns");
  await save("dns_");
  await make(...legacy, "--redirect-dns", "--cleanup-only");
  say("nftables");
  await make("--native-nftables", "--redirect-dns");
  Deno.writeTextFileSync(`${directory}/native.nft`, await runShown(["nft", "--stateless", "list", "ruleset"]));
});

/** Makes the interface of a pod: the program reads its addresses. */
async function makeNetwork(scratch: string): Promise<void> {
  const commands = [
    `mount --bind ${scratch}/resolv.conf /etc/resolv.conf`,
    "ip link set lo up",
    "ip link add eth0 type veth peer name outside",
    "ip address add 10.244.0.9/24 dev eth0",
    "ip address add fd00:10:244::9/64 dev eth0 nodad",
    "ip link set eth0 up",
    "ip link set outside up",
  ];
  for (const command of commands) await runShown(command.split(" "));
}
