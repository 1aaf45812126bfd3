import type { Command } from "../../command.ts";
import { isAsTarget } from "../../context.ts";
import type { Beside, InsideCall, RunOptions } from "../../context.ts";
import { delay } from "../../lib/delay.ts";
import { ScopeError } from "../../errors.ts";
import type { RawOptions } from "../../options.ts";
import { processId, targetQuery } from "../../options.ts";
import { sessionProgram } from "../../runs/session.ts";
import { ordinaryNeeds, shellNeeds } from "../../runs/shell_needs.ts";
import type { Needs } from "../../way.ts";

/** Exit code of a program that SIGKILL ended. */
const killed = 137;
/** How long the cluster may take to tell that a pod is gone whose processes are, in milliseconds. */
const tellMs = 3000;

/** Said where the kernel would not refuse it. */
const unprotected =
  "mounts of the target are not protected here: to rename, replace or remove a file or folder that is one " +
  "takes it away from the target; --via node protects them";

export const shell: Command = {
  name: "shell",
  summary: "Run a shell or a command with the endoscope's tools in the target's network and pid namespace",
  arguments: "[command...]",
  passThrough: true,
  needs: { ...ordinaryNeeds, writes: true },
  options: [
    {
      flags: "-t, --target <container>",
      description: "whose pid namespace (default: the first container's)",
      values: "container",
    },
    { flags: "-p, --pid <pid>", description: "in the namespaces of this process, by its pid on the node" },
    {
      flags: "--inside",
      description: "run a static shell in all of the container's namespaces and its root, with its rights and no more",
    },
    {
      flags: "--privileged",
      description: "with --inside: as root with all capabilities, without its seccomp filter and limits",
    },
    { flags: "--user <uid[:gid]>", description: "with --inside: as this user (default: the container's)" },
    { flags: "--volumes", description: "in an ephemeral container: with the container's volumes in their places" },
  ],
  examples: [
    ["scope -n shop -p web shell", "a shell; it says where the target's files are"],
    ["scope -n shop -p web shell ip address", "one command"],
    ["scope --via local shell -p 4242 ss -ltn", "beside a process of this machine"],
    ["scope -n shop -p web shell tcpdump -U -w - >web.pcap", "bytes arrive as the command wrote them"],
    ["scope -n shop -p api shell --inside", "a shell as the app itself has it, in an image without one"],
  ],
  async run(context, options, command) {
    const query = targetQuery(context.options);
    if (typeof options.target === "string") query.container = options.target;
    const inside = insideOf(options);
    const pid = typeof options.pid === "string" ? processId("pid", options.pid) : undefined;
    const call: InsideCall = {
      ...(inside === undefined ? {} : { inside }),
      ...(pid === undefined ? {} : { pid }),
    };
    const needs: Needs = {
      ...(inside === undefined
        ? { ...shellNeeds(command), writes: true }
        : { inside: isAsTarget(call) ? true : "other" }),
      ...(options.volumes === true ? { volumes: true } : {}),
      ...(pid === undefined ? {} : { nodePids: true }),
    };
    await using beside = await context.enter(query, needs);
    if (pid !== undefined && await beside.process(pid) === undefined) {
      throw new ScopeError("notFound", `Cannot find process "${pid}" on node "${beside.target.node}"`, {
        hint: "scope pids lists the processes of a pod by their pids on the node",
      });
    }
    if (inside !== undefined && beside.way === "local") {
      throw new ScopeError("usage", "Option --inside does not go with --via local", {
        hint: "what enters a container is in the endoscope image; use --via node or --via ephemeral",
      });
    }
    if (inside?.privileged) {
      const [what, risk] = beside.way === "node" ? ["debug pod", "the node"] : ["endoscope", "the pod"];
      context.say(
        `this shell is root with all capabilities of the ${what}: a program of the target can take over ${risk}`,
      );
    }
    const bound = storageWarning(beside, inside !== undefined);
    // Where a program may write no file, it should know why.
    if (bound !== undefined && (context.interactive || beside.way === "ephemeral")) context.say(bound);
    if (inside !== undefined && !beside.protectsMounts(call)) context.say(unprotected);
    const program = sessionProgram(context, command);
    const run = beside.run({
      ...program,
      ...(inside === undefined ? { namespaces: ["net", "pid", "uts", "ipc"] } : { argv: command, namespaces: [] }),
      ...call,
    });
    const code = await context.attach(run);
    // With the target, the kernel kills all that is in its pid namespace, which the cluster tells a little later.
    if (code === killed) await delay(tellMs, beside.lost);
    // Used twice on purpose, too: the bundler's minifier writes a variable that is used once in place, even behind
    // "await using", and then nothing is disposed. A test compares the bundles.
    if (beside.lost.aborted) throw beside.lost.reason;
    return code;
  },
};

/** Warns of the pod's limit for files; undefined where there is none. */
function storageWarning({ target, way }: Beside, inside: boolean): string | undefined {
  const { namespace, pod, storage } = target;
  if (storage?.pod === undefined || way === "local") return undefined;
  const limit = `pod "${namespace}/${pod}" is evicted when its files take more than ${storage.pod.text}`;
  if (inside) return `${limit}, and those that are written here are its files`;
  return way === "node"
    ? `${limit}: what is written in $SCOPE_ROOT counts, what is written elsewhere does not`
    : `${limit}: here nothing is written to disk but in $SCOPE_ROOT, where it counts; $TMPDIR and /dev/shm are memory`;
}

/** How a program runs inside the target, if it does. Throws ScopeError (usage). */
function insideOf({ inside, privileged, user }: RawOptions): RunOptions["inside"] {
  if (inside !== true) {
    const alone = privileged === true ? "--privileged" : user !== undefined ? "--user" : undefined;
    if (alone === undefined) return undefined;
    throw new ScopeError("usage", `Option ${alone} needs --inside`, {
      hint: "without it, the shell is root in the endoscope's own container",
    });
  }
  if (user === undefined) return { privileged: privileged === true };
  const ids = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(String(user))?.slice(1) ?? ["-1"];
  // The last number of 32 bits means "as before" to the kernel.
  if (ids.some((id) => id !== undefined && !(Number(id) >= 0 && Number(id) < 2 ** 32 - 1))) {
    throw new ScopeError("usage", `Option --user cannot be "${user}"`, {
      hint: "it is a number, or two with a colon between: --user 1000:1000",
    });
  }
  return { privileged: privileged === true, user: String(user) };
}
