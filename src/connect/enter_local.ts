import type { RunContext } from "../context.ts";
import type { TargetClient } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { ManagerConnection } from "../manager/client/connection.ts";
import type { Target, TargetQuery } from "../target.ts";
import { parsePodReference } from "../target.ts";
import type { Capability, Needs } from "../way.ts";
import { managerPrograms, startLocal } from "./local.ts";
import { chooseContainer, choosePodHere } from "./local_target.ts";
import { makeTargetClient, translateCall } from "./target_client.ts";
import { connectTo } from "./connect.ts";

/**
 * Connects to a process or a pod of this machine, without any request to a cluster. Throws ScopeError: usage when no process
 * or pod is specified, notFound, denied when the files of a container runtime may not be read.
 */
export async function enterLocal(context: RunContext, query: TargetQuery, needs: Needs): Promise<TargetClient> {
  const name = podName(query, needs), machine = Deno.hostname();
  const endpoint = startLocal(Deno.execPath(), managerProgram(), Deno.env.get("PATH") ?? "");
  try {
    const connection = await connectTo(context, endpoint);
    const dispose = async () => {
      await connection[Symbol.asyncDispose]();
      await endpoint[Symbol.asyncDispose]();
    };
    try {
      const { capabilities } = await connection.calls.info({}, { signal: context.signal });
      const effective = new Set(capabilities as Capability[]);
      const target = name === undefined
        ? machineTarget(machine)
        : await podTarget(context, connection, name, query, machine);
      context.detail(`on this machine, as a user with ${effective.size === 0 ? "no" : effective.size} capabilities`);
      return makeTargetClient({
        target,
        ...(name === undefined ? { name: machine } : {}),
        connection,
        endpoint: { ...endpoint, capabilities: effective },
        signal: context.signal,
        // No cluster to watch: the end of the target shows in its processes.
        watch: () => new AbortController().signal,
        dispose,
      });
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      if (context.signal.aborted) throw context.signal.reason;
      throw error instanceof ScopeError ? error : await translateCall(error, connection, endpoint, `on "${machine}"`);
    }
  } catch (error) {
    await endpoint[Symbol.asyncDispose]();
    throw error;
  }
}

/** Throws ScopeError (notFound). */
function managerProgram(): string {
  // A compiled program contains no Deno that could run the manager.
  const found = Deno.build.standalone ? undefined : managerPrograms.find(isFile);
  if (found !== undefined) return found;
  throw new ScopeError("notFound", "Cannot find the manager, which --via local starts", {
    hint: "a single file has none; the npm package, the plugin of kubectl and a checkout have it",
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function podTarget(
  { options, signal, notice }: RunContext,
  connection: ManagerConnection,
  name: string,
  query: TargetQuery,
  node: string,
): Promise<Target> {
  const found = await connection.calls.findPods({ name, namespace: options.namespace ?? "" }, { signal });
  const pod = choosePodHere(found, name, options.namespace), { namespace, uid, containers } = pod;
  const container = chooseContainer(pod, query.container);
  if (containers.length > 1 && query.container === undefined) {
    notice(`using container "${container.name}", the oldest of ${containers.map(({ name }) => name).join(", ")}`);
  }
  return { namespace, pod: name, uid, node, ips: [], hostNetwork: false, container, containers };
}

/** Returns the name of the pod; undefined when none is given and the command accepts pids instead. */
function podName({ pod, selector }: TargetQuery, needs: Needs): string | undefined {
  if (selector !== undefined) {
    throw new ScopeError("usage", "Option --selector needs a cluster, which --via local does not ask", {
      hint: "give the pod by its name with -p",
    });
  }
  if (pod === undefined) {
    if (needs.nodePids) return undefined;
    throw new ScopeError("usage", "No process or pod specified", {
      hint: "give -p PID after the command where it takes one, or -p POD before it",
    });
  }
  const reference = parsePodReference(pod);
  if (reference === undefined || (reference.kind ?? "pod") !== "pod") {
    throw new ScopeError("usage", `Option --pod cannot be "${pod}" with --via local`, {
      hint: "without a cluster only the name of a pod says which",
    });
  }
  return reference.name;
}

/** Returns a target without a pod, for commands that name only processes. */
function machineTarget(node: string): Target {
  const container = { name: "", id: "" };
  return { namespace: "", pod: "", uid: "", node, ips: [], hostNetwork: false, container, containers: [] };
}
