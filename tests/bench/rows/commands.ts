import { alternate, type Contender } from "../alternate.ts";
import { cpuPerMegabyte } from "../bulk_cpu.ts";
import { keepBusy } from "../busy.ts";
import { CpuAccount } from "../cpu_account.ts";
import { compare, milliseconds } from "../table.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** Compares `scope --version` with `kubectl version --client`: as installed, and as one file, which has no aim. */
export async function version(world: World, runs: number): Promise<Row[]> {
  const measure = (command: readonly string[]) =>
    alternate(
      world.program([...command, "--version"]),
      world.program(["kubectl", "version", "--client"]),
      runs,
    );
  const format = milliseconds, kubectl = "`kubectl version --client`";
  return [
    compare(`\`scope --version\` / ${kubectl}`, { ...await measure(world.scopeCommand), format, aim: 1 }),
    compare(`the same, scope as one file / ${kubectl}`, { ...await measure(world.fileCommand), format }),
  ];
}

/** Compares `scope --help` with `kubectl --help`. */
export async function help(world: World, runs: number): Promise<Row[]> {
  const [ours, theirs] = [world.scopeCommand, ["kubectl"]].map((command) => world.program([...command, "--help"]));
  const times = await alternate(ours!, theirs!, runs);
  return [compare("`scope --help` / `kubectl --help`", { ...times, format: milliseconds, aim: 0.5 })];
}

/** Compares commands on a pod whose node has a debug pod with `kubectl exec`. */
export async function pids(world: World, runs: number): Promise<Row[]> {
  return await commands(world, runs, ["pids"], ["ps"]);
}

export async function ping(world: World, runs: number): Promise<Row[]> {
  const address = (await world.here("get", "pod", world.target, "-o", "jsonpath={.status.podIP}")).stdout;
  return await commands(world, runs, ["ping", "-c1", "-d", world.target], ["ping", "-c1", address]);
}

export async function shell(world: World, runs: number): Promise<Row[]> {
  return await commands(world, runs, ["shell", "true"], ["true"]);
}

async function commands(world: World, runs: number, ours: string[], theirs: string[]): Promise<Row[]> {
  await world.debugPod();
  await world.addPod("other", world.node);
  const warm = world.warmScope(ours), kubectl = world.program(world.kubectlArgv("exec", world.target, "--", ...theirs));
  const what = `\`scope ${ours.join(" ")}\` / \`kubectl exec … ${theirs[0]}\``, format = milliseconds;
  await warm.once();
  await warm.reset!();
  const last = await alternate(warm, kubectl, runs);
  const other = await alternate(world.warmScope(["-p", "other", ...ours]), kubectl, runs);
  const cold = await alternate(world.program(world.scopeArgv(...ours)), kubectl, runs);
  const busy = await (async () => {
    using _busy = keepBusy();
    return await alternate(warm, kubectl, Math.ceil(runs / 3));
  })();
  return [
    compare(`warm ${what}`, { ...last, format, aim: 0.6 }),
    compare("the same, another pod of the node", { ...other, format, aim: 1 }),
    compare("the same, warm, with all cores busy", { ...busy, format, aim: 1 }),
    compare("the same, where no process waits", { ...cold, format }),
    compare("the same: CPU time of a command on this machine, the next process included", {
      ...await cpu(world, ours, ["exec", world.target, "--", ...theirs]),
      format,
    }),
  ];
}

/** Returns the CPU time of a command on this machine. */
async function cpu(world: World, ours: string[], theirs: string[]) {
  const turns = 10;
  const usedMs = async (contender: (account: CpuAccount) => Contender) => {
    await using account = new CpuAccount();
    const { once, reset } = contender(account);
    let before = 0;
    for (let turn = 0; turn <= turns; turn++) {
      await once();
      await reset?.();
      if (turn === 0) before = account.usedMs();
    }
    return (account.usedMs() - before) / turns;
  };
  await world.endWarm(); // the next one is started by a command in the account
  const scope = await usedMs((account) => world.warmScope(ours, (argv) => account.argv(argv)));
  const other = await usedMs((account) => world.program(account.argv(world.kubectlArgv(...theirs))));
  return { scope, other };
}

/** Measures the transfer of bytes from a program in the debug pod to this machine, including start and end. */
export async function throughput(world: World, runs: number): Promise<Row[]> {
  // The same calls by both: busybox's `head` writes 1 KiB each time.
  const debugPod = await world.debugPod(), blocks = 4578, bytes = blocks * 65536;
  const command = ["dd", "if=/dev/zero", "bs=65536", `count=${blocks}`];
  const scope = world.scopeArgv("shell", ...command), other = world.kubectlArgv("exec", world.target, "--", ...command);
  const [ours, theirs] = [scope, other].map((argv) => world.program(argv, { discard: true }));
  const turns = Math.ceil(runs / 3), cold = await alternate(ours!, theirs!, turns);
  const warmly = { ...world.program(scope, { discard: true, env: world.warm }), reset: () => world.untilWarm() };
  const warm = await alternate(warmly, theirs!, turns);
  const format = (ms: number) => `${(ms / 1000).toFixed(2)} s (${(bytes / 1000 / ms).toFixed(0)} MB/s)`;
  const what = "300 MB by `scope shell` / `kubectl exec`";
  const ends = { scope: { argv: scope, pod: debugPod }, other: { argv: other, pod: await world.uidOf(world.target) } };
  return [
    compare(`warm ${what}`, { ...warm, format, aim: 1.1 }),
    compare("the same, where no process waits", { ...cold, format }),
    ...await cpuPerMegabyte(world, what, bytes, ends),
  ];
}

/** Compares completion after -p with kubectl's, where a process waits and where none does. */
export async function completion(world: World, runs: number): Promise<Row[]> {
  const ours = [...world.scopeCommand, "complete", "--", "-n", world.namespace, "-p", ""];
  const theirs = world.program(["kubectl", "__complete", "-n", world.namespace, "exec", ""]);
  await world.warmScope(["pids"]).once();
  const warm = await alternate(
    { ...world.program(ours, { env: world.warm }), reset: () => world.untilWarm() },
    theirs,
    runs,
  );
  const cold = await alternate(world.program(ours), theirs, runs), format = milliseconds;
  return [
    compare("pods at Tab by `scope` / `kubectl`", { ...warm, format, aim: 0.8 }),
    compare("the same, where no process waits", { ...cold, format }),
  ];
}
