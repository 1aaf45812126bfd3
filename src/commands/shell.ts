import type { Command } from "../command.ts";
import { delay } from "../delay.ts";
import { ScopeError } from "../errors.ts";
import { processId, targetQuery } from "../options.ts";
import { sessionProgram } from "../session.ts";

/** Exit code of a program that SIGKILL ended. */
const killed = 137;
/** How long the cluster may take to tell that a pod is gone whose processes are, in milliseconds. */
const tellMs = 3000;

export const shell: Command = {
  name: "shell",
  summary: "Run a shell or a command with the endoscope's tools in the target's network and pid namespace",
  arguments: "[command...]",
  passThrough: true,
  options: [
    { flags: "-t, --target <container>", description: "whose pid namespace (default: the first container's)" },
    { flags: "-p, --pid <pid>", description: "in the namespaces of this process, by its pid on the node" },
  ],
  examples: [
    ["scope -n shop -p web shell", "a shell; the target's files are in /proc/1/root"],
    ["scope -n shop -p web shell ip address", "one command"],
    ["scope --via local shell -p 4242 ss -ltn", "beside a process of this machine"],
    ["scope -n shop -p web shell tcpdump -U -w - >web.pcap", "bytes arrive as the command wrote them"],
  ],
  async run(context, options, command) {
    const query = targetQuery(context.options);
    if (typeof options.target === "string") query.container = options.target;
    const pid = typeof options.pid === "string" ? processId("pid", options.pid) : undefined;
    await using beside = await context.enter(query, pid === undefined ? {} : { nodePids: true });
    if (pid !== undefined && await beside.process(pid) === undefined) {
      throw new ScopeError("notFound", `Cannot find process "${pid}" on node "${beside.target.node}"`, {
        hint: "scope pids lists the processes of a pod by their pids on the node",
      });
    }
    const run = beside.run({
      ...sessionProgram(context, command),
      namespaces: ["net", "pid", "uts", "ipc"],
      ...(pid === undefined ? {} : { pid }),
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
