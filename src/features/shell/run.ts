import type { Context, TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import { defined } from "../../lib/defined.ts";
import { delay } from "../../lib/delay.ts";
import { targetQuery } from "../../options.ts";
import { sessionProgram } from "../../runs/session.ts";
import { shellNeeds } from "../../runs/shell_needs.ts";
import { type InsideCall, isAsTarget } from "../../tool.ts";
import type { Needs } from "../../way.ts";
import type { ShellPlan } from "./command.ts";

/** Exit code of a program that SIGKILL ended. */
const killed = 137;
/** Time for the cluster to report that a pod is gone after its processes were killed, in milliseconds. */
const reportMs = 3000;

/** Notice for a program that the kernel does not keep from changing the target's mounts. */
const unprotected =
  "mounts of the target are not protected here: to rename, replace or remove a file or directory that is one " +
  "takes it away from the target; --via node protects them";

/** Runs a shell or a command. Returns its exit code. */
export async function run(context: Context, { container, pid, inside, volumes, command }: ShellPlan): Promise<number> {
  const query = targetQuery(context.options);
  if (container !== undefined) query.container = container;
  const call: InsideCall = defined({ inside, pid });
  const needs: Needs = {
    ...(inside === undefined
      ? { ...shellNeeds(command), writes: true }
      : { inside: isAsTarget(call) ? true : "other" }),
    ...(volumes ? { volumes } : {}),
    ...(pid === undefined ? {} : { nodePids: true }),
  };
  await using client = await context.enter(query, needs);
  if (pid !== undefined && await client.process(pid) === undefined) {
    throw new ScopeError("notFound", `Cannot find process "${pid}" on node "${client.target.node}"`, {
      hint: "scope pids lists the processes of a pod by their pids on the node",
    });
  }
  if (inside !== undefined && client.way === "local") {
    throw new ScopeError("usage", "Option --inside does not go with --via local", {
      hint: "what enters a container is in the endoscope image; use --via node or --via ephemeral",
    });
  }
  if (inside?.privileged) {
    const [what, risk] = client.way === "node" ? ["debug pod", "the node"] : ["endoscope", "the pod"];
    context.notice(
      `this shell is root with all capabilities of the ${what}: a program of the target can take over ${risk}`,
    );
  }
  const bound = storageWarning(client, inside !== undefined);
  // In an ephemeral container a command may fail to write files: the reason is printed without a terminal, too.
  if (bound !== undefined && (context.interactive || client.way === "ephemeral")) context.notice(bound);
  if (inside !== undefined && !client.protectsMounts(call)) context.notice(unprotected);
  const program = sessionProgram(context, command);
  const run = client.run({
    ...program,
    ...(inside === undefined ? { namespaces: ["net", "pid", "uts", "ipc"] } : { argv: command, namespaces: [] }),
    ...call,
  });
  const code = await context.attach(run);
  // When the target ends, the kernel kills all processes of its pid namespace; the cluster reports the end a little later.
  if (code === killed) await delay(reportMs, client.targetGone);
  // Also keeps `client` in use more than once: the bundler's minifier inlines a variable that is used once, even one of
  // "await using", and then nothing is disposed. A test compares the bundles.
  if (client.targetGone.aborted) throw client.targetGone.reason;
  return code;
}

/** Returns a warning about the pod's limit for files on disk; undefined if there is none. */
function storageWarning({ target, way }: TargetClient, inside: boolean): string | undefined {
  const { namespace, pod, storage } = target;
  if (storage?.pod === undefined || way === "local") return undefined;
  const limit = `pod "${namespace}/${pod}" is evicted when its files take more than ${storage.pod.text}`;
  if (inside) return `${limit}, and those that are written here are its files`;
  return way === "node"
    ? `${limit}: what is written in $SCOPE_ROOT counts, what is written elsewhere does not`
    : `${limit}: here nothing is written to disk but in $SCOPE_ROOT, where it counts; $TMPDIR and /dev/shm are memory`;
}
