import type { Command } from "../../command.ts";
import { asksOf } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { RbacSubject } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import type { RawOptions } from "../../options.ts";
import type { Asking } from "../../rights/role.ts";
import { bindingsOf, rolesOf } from "../../rights/role.ts";

/** Prints what these commands may need; `unknown` is the error for a name that none of them has. */
export function rbacOf(commands: readonly Command[], unknown: (name: string) => ScopeError): Command {
  const asking = ({ name }: Command, asks: Asking["asks"]): Asking => ({ name, asks });
  const rbac: Command = {
    name: "rbac",
    asks: [],
    summary: "Print the least Role that commands need, for kubectl apply; of all commands where none is named",
    arguments: "[command...]",
    argumentValues: [commands.map(({ name }) => name)],
    options: [
      { flags: "-A, --all-namespaces", description: "list and cleanup: in all namespaces, which takes a ClusterRole" },
      {
        flags: "-N, --dest-namespace <name>",
        description: "ping and hping: of the destinations (default: the target's)",
        values: "namespace",
      },
      { flags: "--optional", description: "also what the commands ask for, and do without where they are refused" },
      { flags: "--name <name>", description: "name of the Role (default: scope- and the commands)" },
      { flags: "--user <name>", description: "give it to this user; may be given several times", repeatable: true },
      { flags: "--group <name>", description: "give it to this group", repeatable: true },
      {
        flags: "--service-account <name>",
        description: "give it to this service account: NAME or NAMESPACE/NAME",
        repeatable: true,
      },
    ],
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
    async run(context, options, names) {
      const chosen = names.map((name) => {
        const found = [...commands, rbac].find((one) => one.name === name || one.aliases?.includes(name));
        if (found === undefined) throw unknown(name);
        return found;
      });
      const all = chosen.length === 0 ? commands.filter(({ hidden }) => !hidden) : [...new Set(chosen)];
      const { pod, selector } = targetQuery(context.options), { via, terminate, debugNamespace } = context.options;
      const namespace = await context.namespace();
      const roles = rolesOf(all.flatMap((one) => asking(one, asksOf(one) ?? [])), {
        ...pod === undefined ? {} : { pod },
        ...selector === undefined ? {} : { selector },
        ...{
          namespace,
          debugNamespace,
          destinationNamespace: text(options, "destNamespace"),
          name: text(options, "name") ?? ["scope", ...new Set(chosen.map(({ name }) => name))].join("-"),
        },
        ...{ via, terminate, everywhere: options.allNamespaces === true, optional: options.optional === true },
      });
      const subjects = subjectsOf(options, namespace);
      if (roles.length === 0) {
        context.say(`no rights in the cluster are needed for ${all.map(({ name }) => name).join(", ")}`);
      }
      return await context.show([...roles, ...bindingsOf(roles, subjects)]);
    },
  };
  return rbac;
}

function text(options: RawOptions, key: string): string | undefined {
  const value = options[key];
  return typeof value === "string" ? value : undefined;
}

function subjectsOf(options: RawOptions, namespace: string | undefined): RbacSubject[] {
  const given = (key: string) => Array.isArray(options[key]) ? options[key] as string[] : [];
  return [
    ...given("user").map((name): RbacSubject => ({ kind: "User", name })),
    ...given("group").map((name): RbacSubject => ({ kind: "Group", name })),
    ...given("serviceAccount").map((account) => accountOf(account, namespace)),
  ];
}

/** As kubectl writes them, too: `NAMESPACE:NAME`. Throws ScopeError (usage). */
function accountOf(account: string, namespace: string | undefined): RbacSubject {
  const [name, itsNamespace = namespace, ...rest] = account.split(/[/:]/).toReversed();
  if (name && itsNamespace && rest.length === 0) return { kind: "ServiceAccount", name, namespace: itsNamespace };
  throw new ScopeError("usage", `Option --service-account cannot be "${account}"`, {
    hint: "it is NAMESPACE/NAME, or NAME alone with -n NAMESPACE",
  });
}
