import { defineCommand, flag, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { processId } from "../../options.ts";
import { ordinaryNeeds } from "../../runs/shell_needs.ts";
import type { InsideOptions } from "../../tool.ts";

export interface ShellPlan {
  /** Container whose pid namespace is entered; undefined: that of the options. */
  container: string | undefined;
  /** Pid on the node. */
  pid: number | undefined;
  /** Set if the program runs inside the target. */
  inside: InsideOptions | undefined;
  volumes: boolean;
  command: readonly string[];
}

export const shell = defineCommand({
  name: "shell",
  summary: "Run a shell or a command with the endoscope's tools in the target's network and pid namespace",
  arguments: "[command...]",
  passThrough: true,
  needs: { ...ordinaryNeeds, writes: true },
  options: {
    target: text("-t, --target <container>", "whose pid namespace (default: the first container's)", {
      values: "container",
    }),
    pid: parsed("-p, --pid <pid>", "in the namespaces of this process, by its pid on the node", processId),
    inside: flag(
      "--inside",
      "run a static shell in all of the container's namespaces and its root, with its rights and no more",
    ),
    privileged: flag(
      "--privileged",
      "with --inside: as root with all capabilities, without its seccomp filter and limits",
    ),
    user: text("--user <uid[:gid]>", "with --inside: as this user (default: the container's)"),
    volumes: flag("--volumes", "in an ephemeral container: with the container's volumes in their places"),
  },
  examples: [
    ["scope -n shop -p web shell", "a shell; it says where the target's files are"],
    ["scope -n shop -p web shell ip address", "one command"],
    ["scope --via local shell -p 4242 ss -ltn", "beside a process of this machine"],
    ["scope -n shop -p web shell tcpdump -U -w - >web.pcap", "bytes arrive as the command wrote them"],
    ["scope -n shop -p api shell --inside", "a shell as the app itself has it, in an image without one"],
  ],
  plan({ target, pid, volumes, ...inside }, command): ShellPlan {
    return { container: target, pid, volumes, command, inside: insideOf(inside) };
  },
  load: () => import("./run.ts"),
});

interface InsideGiven {
  inside: boolean;
  privileged: boolean;
  user: string | undefined;
}

/** Returns the options of a program that runs inside the target, or undefined. Throws ScopeError (usage). */
function insideOf({ inside, privileged, user }: InsideGiven): InsideOptions | undefined {
  if (!inside) {
    const alone = privileged ? "--privileged" : user !== undefined ? "--user" : undefined;
    if (alone === undefined) return undefined;
    throw new ScopeError("usage", `Option ${alone} needs --inside`, {
      hint: "without it, the shell is root in the endoscope's own container",
    });
  }
  if (user === undefined) return { privileged };
  const ids = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(user)?.slice(1) ?? ["-1"];
  // The kernel takes 2^32 - 1 as "unchanged".
  if (ids.some((id) => id !== undefined && !(Number(id) >= 0 && Number(id) < 2 ** 32 - 1))) {
    throw new ScopeError("usage", `Option --user cannot be "${user}"`, {
      hint: "it is a number, or two with a colon between: --user 1000:1000",
    });
  }
  return { privileged, user };
}
