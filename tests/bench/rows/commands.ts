import { alternate } from "../alternate.ts";
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
  return await warm(world, runs, ["pids"], ["ps"], 1.5);
}

export async function ping(world: World, runs: number): Promise<Row[]> {
  const address = (await world.here("get", "pod", world.target, "-o", "jsonpath={.status.podIP}")).stdout;
  return await warm(world, runs, ["ping", "-c1", "-d", world.target], ["ping", "-c1", address]);
}

export async function shell(world: World, runs: number): Promise<Row[]> {
  return await warm(world, runs, ["shell", "true"], ["true"]);
}

async function warm(world: World, runs: number, ours: string[], theirs: string[], aim?: number): Promise<Row[]> {
  await world.debugPod();
  const times = await alternate(
    world.program(world.scopeArgv(...ours)),
    world.program(world.kubectlArgv("exec", world.target, "--", ...theirs)),
    runs,
  );
  const what = `warm \`scope ${ours.join(" ")}\` / \`kubectl exec … ${theirs[0]}\``;
  return [compare(what, { ...times, format: milliseconds, ...(aim === undefined ? {} : { aim }) })];
}

/** Measures the transfer of bytes from a program in the debug pod to this machine, including start and end. */
export async function throughput(world: World, runs: number): Promise<Row[]> {
  await world.debugPod();
  const bytes = 300_000_000, command = ["head", "-c", String(bytes), "/dev/zero"];
  const times = await alternate(
    world.program(world.scopeArgv("shell", ...command), { discard: true }),
    world.program(world.kubectlArgv("exec", world.target, "--", ...command), { discard: true }),
    Math.ceil(runs / 3),
  );
  const format = (ms: number) => `${(ms / 1000).toFixed(2)} s (${(bytes / 1000 / ms).toFixed(0)} MB/s)`;
  return [compare("300 MB by `scope shell` / `kubectl exec`", { ...times, format })];
}

/** Compares completion after -p with kubectl's. */
export async function completion(world: World, runs: number): Promise<Row[]> {
  const times = await alternate(
    world.program([...world.scopeCommand, "complete", "--", "-n", world.namespace, "-p", ""]),
    world.program(["kubectl", "__complete", "-n", world.namespace, "exec", ""]),
    runs,
  );
  const row = compare("pods at Tab by `scope` / `kubectl`", { ...times, format: milliseconds });
  return [{ ...row, aim: "≤ 300 ms", met: Math.round(times.scope) <= 300 }];
}
