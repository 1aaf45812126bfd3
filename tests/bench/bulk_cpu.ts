import { CpuAccount, podCpuMs } from "./cpu_account.ts";
import { run } from "./programs.ts";
import { compare, type Row } from "./table.ts";
import type { World } from "./world.ts";

/** A command that transfers much, and the pod in which its other end works. */
export interface Transfer {
  argv: readonly string[];
  /** The pod's uid. */
  pod: string;
  /** Restores the state before the transfer. */
  reset?(): Promise<void>;
}

const turns = 2;

export function perMegabyte(ms: number, bytes: number): string {
  return `${(ms / (bytes / 1e6)).toFixed(2)} ms`;
}

/** Returns rows with the CPU time a MB of two transfers of the same bytes: on this machine, and in the pod. */
export async function cpuPerMegabyte(
  world: World,
  what: string,
  bytes: number,
  { scope, other }: { scope: Transfer; other: Transfer },
): Promise<Row[]> {
  const ours = await usedBy(world, scope), theirs = await usedBy(world, other);
  const format = (ms: number) => perMegabyte(ms, bytes);
  return [
    compare(`${what}: CPU time a MB on this machine`, { scope: ours.here, other: theirs.here, format }),
    compare(`${what}: CPU time a MB in the pod`, { scope: ours.there, other: theirs.there, format }),
  ];
}

async function usedBy(world: World, { argv, pod, reset }: Transfer): Promise<{ here: number; there: number }> {
  await using account = new CpuAccount();
  const before = podCpuMs(pod);
  for (let turn = 0; turn < turns; turn++) {
    await run(account.argv(argv), { ...world, discard: true });
    await reset?.();
  }
  return { here: account.usedMs() / turns, there: (podCpuMs(pod) - before) / turns };
}
