import type { Command } from "../../command.ts";
import { defineCommand, flag, list, text } from "../../command.ts";
import type { ScopeError } from "../../errors.ts";

export interface RbacPlan {
  /** Commands whose rights are printed. */
  commands: readonly Command[];
  /** Name of the Role. */
  name: string;
  everywhere: boolean;
  destinationNamespace: string | undefined;
  optional: boolean;
  users: readonly string[];
  groups: readonly string[];
  /** NAME, NAMESPACE/NAME or NAMESPACE:NAME. */
  serviceAccounts: readonly string[];
}

/** Makes the command that prints the rights of these commands; `unknown` returns the error for an unknown name. */
export function rbacOf(commands: readonly Command[], unknown: (name: string) => ScopeError): Command {
  const rbac: Command = defineCommand({
    name: "rbac",
    permissions: [],
    summary: "Print the least Role that commands need, for kubectl apply; of all commands where none is named",
    arguments: "[command...]",
    argumentValues: [commands.map(({ name }) => name)],
    options: {
      everywhere: flag("-A, --all-namespaces", "list and cleanup: in all namespaces, which takes a ClusterRole"),
      destinationNamespace: text(
        "-N, --dest-namespace <name>",
        "ping and hping: of the destinations (default: the target's)",
        { values: "namespace" },
      ),
      optional: flag("--optional", "also what the commands ask for, and do without where they are refused"),
      name: text("--name <name>", "name of the Role (default: scope- and the commands)"),
      users: list("--user <name>", "give it to this user; may be given several times"),
      groups: list("--group <name>", "give it to this group"),
      serviceAccounts: list(
        "--service-account <name>",
        "give it to this service account: NAME or NAMESPACE/NAME",
      ),
    },
    examples: [
      ["scope -n shop rbac ping", "for pings from any pod of the namespace"],
      ["scope -n shop rbac ping strace --user eve | kubectl apply -f -", "give eve what these two commands need"],
      ["scope -n shop -p web rbac shell", "for a shell beside this one pod only"],
      [
        "scope -n shop --debug-namespace ops --via node rbac",
        "all commands, by debug pods in a namespace of their own",
      ],
      ["scope rbac -A list", "a ClusterRole"],
    ],
    plan({ name, ...given }, names): RbacPlan {
      const chosen = names.map((name) => {
        const found = [...commands, rbac].find((one) => one.name === name || one.aliases?.includes(name));
        if (found === undefined) throw unknown(name);
        return found;
      });
      return {
        ...given,
        commands: chosen.length === 0 ? commands.filter(({ hidden }) => !hidden) : [...new Set(chosen)],
        name: name ?? ["scope", ...new Set(chosen.map(({ name }) => name))].join("-"),
      };
    },
    load: () => import("./run.ts"),
  });
  return rbac;
}
