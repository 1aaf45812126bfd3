import type { Needs } from "../way.ts";

/** Needs of most programs: the target's files, and the names and ports of its processes, are optional. */
export const ordinaryNeeds = { files: "wanted" } as const satisfies Needs;

const packets: Needs = { capabilities: ["NET_RAW"] };
const tracing: Needs = { files: true };
const rules: Needs = { wanted: ["NET_ADMIN"] };

/** Programs of the image that need more for their work. `iptables-save` and the like are looked up as `iptables`. */
const programs: Readonly<Record<string, Needs>> = {
  ...{ tcpdump: packets, dumpcap: packets, fping: packets, hping3: packets },
  ...{ strace: tracing, gdb: tracing },
  ...{ nft: rules, iptables: rules, ip6tables: rules, ebtables: rules, arptables: rules, conntrack: rules, tc: rules },
  // ping works without it if the pod allows ICMP sockets to all users.
  ping: { wanted: ["NET_RAW"] },
};

/** Programs that run other programs: their arguments are searched for programs, and scripts word by word. */
const wrappers = new Set([
  "sh",
  "bash",
  "dash",
  "busybox",
  "env",
  "timeout",
  "nice",
  "nohup",
  "setsid",
  "stdbuf",
  "watch",
]);

/** Returns the needs of a command line of `shell`, by the programs that it names. */
export function shellNeeds(argv: readonly string[]): Needs {
  const names = wrappers.has(baseName(argv[0] ?? ""))
    ? argv.flatMap((word) => word.split(/[^\w./-]+/))
    : argv.slice(0, 1);
  const found = names.flatMap((name) => needsOf(baseName(name)) ?? []);
  if (found.length === 0) return ordinaryNeeds;
  const all = (key: "capabilities" | "wanted") => [...new Set(found.flatMap((needs) => needs[key] ?? []))];
  const capabilities = all("capabilities"), wanted = all("wanted").filter((name) => !capabilities.includes(name));
  return {
    ...(capabilities.length > 0 ? { capabilities } : {}),
    ...(wanted.length > 0 ? { wanted } : {}),
    ...(found.some(({ files }) => files) ? { files: true } : {}),
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function needsOf(program: string): Needs | undefined {
  const [family = ""] = program.split("-");
  const name = Object.hasOwn(programs, program) ? program : family.endsWith("tables") ? family : "";
  return Object.hasOwn(programs, name) ? programs[name] : undefined;
}
