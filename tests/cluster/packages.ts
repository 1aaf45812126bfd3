import { ClusterError } from "./errors.ts";
import type { Progress } from "./progress.ts";
import { run } from "./processes.ts";

/** Debian packages that the cluster needs, and a file or program that shows the presence of each on another distribution. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "busybox-static": "busybox",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  "iproute2": "ip",
  "iptables": "iptables",
  "mount": "mount",
  "nftables": "nft",
  "openssl": "openssl",
  "runc": "runc",
  "tar": "tar",
  "util-linux": "nsenter",
};

/** Returns the packages that `dpkg-query -W -f '${Package} ${Status}\n'` does not list as installed. */
export function missingPackages(listing: string, wanted: readonly string[]): string[] {
  const installed = new Set(
    listing.split("\n").filter((line) => line.endsWith(" install ok installed")).map((line) => line.split(" ")[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

/**
 * Installs missing packages of the cluster, and reports it. Throws ClusterError when a package is missing and this is not
 * Debian.
 */
export async function installPackages(progress: Progress, signal: AbortSignal): Promise<void> {
  if (await isDebian()) await installDebian(Object.keys(PACKAGES), progress, signal);
  else await checkPrograms();
}

/** Returns true when this machine uses Debian packages. */
export function isDebian(): Promise<boolean> {
  return works(["dpkg-query", "--version"]);
}

/** Installs the missing ones of these Debian packages, and reports it. */
export async function installDebian(
  wanted: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  // dpkg-query fails when it does not know one of them, and still lists the others.
  const listing = await new Deno.Command("dpkg-query", {
    args: ["-W", "-f", "${Package} ${Status}\\n", ...wanted],
    stderr: "null",
  }).output();
  const missing = missingPackages(new TextDecoder().decode(listing.stdout), wanted);
  if (missing.length === 0) return;

  progress.step(`installing the Debian packages ${missing.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = () =>
    run(["apt-get", "install", "-y", "--no-install-recommends", ...missing], { env, signal, onLine: progress.detail });
  try {
    await install();
  } catch {
    signal.throwIfAborted();
    await run(["apt-get", "update"], { env, signal, onLine: progress.detail });
    await install();
  }
}

async function checkPrograms() {
  for (const [name, program] of Object.entries(PACKAGES)) {
    if (await works(["sh", "-c", 'command -v "$1"', "sh", program])) continue;
    throw new ClusterError(`Cannot find "${program}"`, `install it (Debian's package is named ${name})`);
  }
}

/** Returns true when a program is there and ends with exit code 0. */
export async function works(argv: readonly string[]): Promise<boolean> {
  return await run(argv).then(() => true, () => false);
}
