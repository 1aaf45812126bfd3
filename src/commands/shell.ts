import type { Command } from "../command.ts";
import { delay } from "../delay.ts";
import { targetQuery } from "../options.ts";
import { ordinaryNeeds, shellNeeds } from "../tools/shell_needs.ts";

/** Exit code of a program that SIGKILL ended. */
const killed = 137;
/** How long the cluster may take to tell that a pod is gone whose processes are, in milliseconds. */
const tellMs = 3000;

export const shell: Command = {
  name: "shell",
  summary: "Run a shell or a command with the endoscope's tools in the target's network and pid namespace",
  arguments: "[command...]",
  passThrough: true,
  needs: ordinaryNeeds,
  options: [{ flags: "-t, --target <container>", description: "whose pid namespace (default: the first container's)" }],
  examples: [
    ["scope -n shop -p web shell", "a shell; the target's files are in /proc/1/root"],
    ["scope -n shop -p web shell ip address", "one command"],
    ["scope -n shop -p web shell tcpdump -U -w - >web.pcap", "bytes arrive as the command wrote them"],
  ],
  async run(context, options, command) {
    const query = targetQuery(context.options);
    if (typeof options.target === "string") query.container = options.target;
    await using beside = await context.enter(query, shellNeeds(command));
    const bash = context.interactive ? ["bash", "--rcfile", "/opt/scope/bashrc", "-i"] : ["bash"];
    const run = beside.run({
      argv: command.length > 0 ? command : bash,
      namespaces: ["net", "pid", "uts", "ipc"],
      ...(context.interactive ? { pty: context.windowSize(), env: { TERM: context.terminalType } } : {}),
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
