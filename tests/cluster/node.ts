import { describeHierarchies, makeCgroup, mountedHierarchies } from "./cgroups.ts";
import { kubeletArgs, kubeProxyArgs } from "./components.ts";
import { credentialsOf, isUp, logHint } from "./control_plane.ts";
import { PAUSE_IMAGE } from "./images.ts";
import { nodeCommands, plugCommands } from "./network.ts";
import { containerdConfig, kubeletConfig, networkConfig, resolvConf } from "./node_config.ts";
import type { NodePlan, Plan } from "./plan.ts";
import { children, environment, run, start } from "./processes.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

/** Programs that a node runs. */
export const NODE_PROGRAMS = ["containerd", "kube-proxy", "kubelet"] as const;

/** A node whose containerd runs and whose kubelet waits to be started. */
export interface StartedNode {
  readonly name: string;
  /** Starts kubelet and kube-proxy. */
  go(): Promise<void>;
}

/** Starts a node until its containerd has a socket. */
export async function startNode(
  state: State,
  plan: Plan,
  node: NodePlan,
  bin: string,
  signal: AbortSignal,
): Promise<StartedNode> {
  const directory = state.path(node.name);
  await writeConfig(state, plan, node, directory);
  const groups = makeCgroup(node.cgroup);
  const child = start(nodeArgs(groups, `${import.meta.dirname}/node_init.sh`), {
    pidFile: state.path(`pids/${node.name}`),
    log: state.path(`logs/${node.name}.log`),
    env: {
      ...environment(bin, directory),
      NODE: node.name,
      DIRECTORY: directory,
      LOGS: state.path("logs"),
      CGROUPS: describeHierarchies(mountedHierarchies()),
    },
    cwd: "/",
    stdin: "piped",
  });
  const words = child.stdin.getWriter();
  const go = () => words.write(new TextEncoder().encode("go\n"));

  const options = { signal, hint: logHint(state, node.name) };
  await until(`process 1 of ${node.name}`, 10, () => {
    return isUp(state, node.name) && nodePid(state, node.name) !== undefined;
  }, options);
  const pid = nodePid(state, node.name)!;
  await ip(plugCommands(plan, node, pid), []);
  await ip(nodeCommands(plan, node), ["nsenter", "-t", String(pid), "-n"]);
  await go();
  await until(`containerd of ${node.name}`, 30, () => {
    return isUp(state, node.name) && isThere(`/proc/${pid}/root/run/containerd/containerd.sock`);
  }, options);
  return {
    name: node.name,
    go: async () => {
      await go();
      await words.close();
    },
  };
}

/**
 * Returns the command that joins the groups and executes process 1 of all namespaces of a node; killing it kills all
 * processes of the node.
 */
export function nodeArgs(cgroups: readonly string[], init: string): string[] {
  const join = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';
  const namespaces = ["--net", "--mount", "--uts", "--ipc", "--pid", "--cgroup"];
  return [
    "sh",
    "-c",
    join,
    "sh",
    ...cgroups,
    "--",
    "unshare",
    ...namespaces,
    "--fork",
    "--mount-proc",
    "--kill-child",
    init,
  ];
}

/** Returns the host's pid of process 1 of a node, while the node runs. */
export function nodePid(state: State, name: string): number | undefined {
  if (!state.running(name)) return undefined;
  const unshare = state.processes().get(name);
  return unshare === undefined ? undefined : children(unshare.pid)[0];
}

/** Returns the command that runs `argv` in a node: its network, mounts, processes, host name and cgroups. */
export function enterArgs(pid: number, argv: readonly string[]): string[] {
  // Not `ip netns exec`, which mounts its own /sys and so hides the cgroups.
  return ["nsenter", "-t", String(pid), "-m", "-u", "-i", "-n", "-p", "-C", "--", ...argv];
}

async function writeConfig(state: State, plan: Plan, node: NodePlan, directory: string) {
  const credentials = credentialsOf(state);
  const write = (name: string, text: string) => Deno.writeTextFile(`${directory}/${name}`, text);
  await Deno.mkdir(`${directory}/cni`, { recursive: true });
  await write("resolv.conf", resolvConf(plan.gateway4));
  await write("containerd.toml", containerdConfig(PAUSE_IMAGE));
  await write("cni/10-pods.conflist", JSON.stringify(networkConfig(node), null, 2));
  const kubelet = kubeletConfig({
    authority: credentials.path("ca.crt"),
    certificate: credentials.path(`${node.name}.crt`),
    key: credentials.path(`${node.name}.key`),
    resolvConf: `${directory}/resolv.conf`,
  });
  await write("kubelet.json", JSON.stringify(kubelet, null, 2));
  const programs = [
    kubeProxyArgs(plan, node, credentials),
    kubeletArgs(node, credentials, `${directory}/kubelet.json`),
  ];
  await write("argv", programs.map((argv) => `${argv.join("\n")}\n\n`).join(""));
}

/** Runs `ip -batch` with these lines, prefixed with `before`. */
export async function ip(commands: readonly string[], before: readonly string[]): Promise<void> {
  await run([...before, "ip", "-batch", "-"], { stdin: commands.join("\n") + "\n" });
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
