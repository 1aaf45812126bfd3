import { AF_INET, AF_INET6 } from "../../../src/manager/server/redirect/address.ts";
import { readLegacyTable } from "../../../src/manager/server/redirect/socket_calls.ts";

/** Saves the kernel's raw nat tables of iptables-legacy in this network namespace. */
export function saveLegacyTables(directory: string): void {
  for (const [family, number] of [[AF_INET, 4], [AF_INET6, 6]] as const) {
    const { info, entries } = readLegacyTable(family, "nat");
    Deno.writeFileSync(`${directory}/legacy_${number}.bin`, new Uint8Array([...info, ...entries]));
  }
}
