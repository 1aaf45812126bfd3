import { down, up } from "./cluster.ts";
import { ClusterError } from "./errors.ts";
import { exportLines } from "./shell.ts";
import { inspect } from "./health.ts";
import { kubectlOf } from "./kubectl.ts";
import { loadImages } from "./load.ts";
import { enterArgs, nodePid } from "./node.ts";
import { Progress } from "./progress.ts";
import { openState, runningBin, type State } from "./state.ts";

const HELP = `Usage: scripts/cluster COMMAND

A real Kubernetes on this Linux machine: a control plane, two nodes, demo workloads.
Everything is built from pinned Go modules on the first use, into $SCOPE_CACHE (default ~/.cache/scope).
Other values of $SCOPE_CLUSTER are other clusters, which run side by side.

  up                 bring the cluster up; does nothing when it runs
  down               end it and remove all of it but its logs
  status             say what runs; exit code 0 when all does
  kubeconfig         print the path of its kubeconfig
  env                print exports for a shell: eval "$(scripts/cluster env)"
  load FILE...       import image archives (docker-archive or oci-archive) into both nodes
  enter NODE CMD...  run a command on a node (node1, node2), as on that machine
`;

const UNAVAILABLE = 69;
const USAGE = 64;

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [command, ...rest] = args;
  const state = openState();
  switch (command) {
    case "up":
    case "down": {
      demandRoot();
      using progress = new Progress();
      if (command === "up") await up(state, progress, signal);
      else await down(state, progress, signal);
      return 0;
    }
    case "status":
      return await status(state);
    case "kubeconfig":
      runningBin(state);
      print(`${state.kubeconfig}\n`);
      return 0;
    case "env":
      print(exportLines(state.kubeconfig, runningBin(state)));
      return 0;
    case "load":
      if (rest.length === 0) return usage("Cannot load without a file");
      demandRoot();
      await loadImages(state, rest.map(realPath), signal);
      return 0;
    case "enter":
      return await enter(state, rest);
    case "help":
    case "--help":
    case "-h":
      print(HELP);
      return 0;
    default:
      return usage(command === undefined ? "Cannot run without a command" : `Cannot find the command "${command}"`);
  }
}

async function status(state: State): Promise<number> {
  const { bin } = state;
  const parts = await inspect(state, bin === undefined ? undefined : kubectlOf(state, bin));
  const width = Math.max(...parts.map(({ name }) => name.length)) + 2;
  for (const { name, detail } of parts) print(`${name.padEnd(width)}${detail}\n`);
  return parts.every(({ ok }) => ok) ? 0 : UNAVAILABLE;
}

async function enter(state: State, [name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || argv.length === 0) return usage("Cannot enter without a node and a command");
  const bin = runningBin(state);
  const pid = nodePid(state, name);
  if (pid === undefined) throw new ClusterError(`Cannot find the node "${name}"`, "see scripts/cluster status");
  const [program = "", ...args] = enterArgs(pid, argv);
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
  return (await new Deno.Command(program, { args, env, stdin: "inherit" }).spawn().status).code;
}

function demandRoot() {
  const hint = "point KUBECONFIG to a cluster that exists, or run this as root on Linux";
  if (Deno.build.os !== "linux") throw new ClusterError(`Cannot run a cluster on "${Deno.build.os}"`, hint);
  if (Deno.uid() !== 0) throw new ClusterError(`Cannot run a cluster as user "${Deno.uid()}"`, hint);
}

function usage(message: string): number {
  Deno.stderr.writeSync(new TextEncoder().encode(new ClusterError(message, "see scripts/cluster --help").text()));
  return USAGE;
}

function realPath(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ClusterError(`Cannot find the file "${file}"`);
  }
}

function print(text: string) {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

const interrupted = new AbortController();
for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  if (Deno.build.os !== "windows") Deno.addSignalListener(name, () => interrupted.abort(code));
}
try {
  Deno.exit(await main(Deno.args, interrupted.signal));
} catch (error) {
  const { aborted, reason } = interrupted.signal;
  // An interrupt rejects with its exit code. Another error after it may tell of something that the clean-up has left.
  if (!aborted && !(error instanceof ClusterError)) throw error;
  if (error instanceof ClusterError) Deno.stderr.writeSync(new TextEncoder().encode(error.text()));
  Deno.exit(aborted ? reason : UNAVAILABLE);
}
