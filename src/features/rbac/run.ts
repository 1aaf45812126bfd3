import { defined } from "../../lib/defined.ts";
import { permissionsOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { RbacSubject } from "../../event.ts";
import { bindingsOf, rolesOf } from "../../rights/role.ts";
import { targetQuery } from "../../options.ts";
import type { RbacPlan } from "./command.ts";

/** Prints the Roles, and the bindings for their subjects. */
export async function run(context: Context, plan: RbacPlan): Promise<number> {
  const { commands, name, everywhere, destinationNamespace, optional } = plan;
  const { pod, selector } = targetQuery(context.options), { via, terminate, debugNamespace } = context.options;
  const namespace = await context.namespace();
  const roles = rolesOf(commands.map((one) => ({ name: one.name, permissions: permissionsOf(one) ?? [] })), {
    ...defined({ pod, selector }),
    ...{ namespace, debugNamespace, destinationNamespace, name },
    ...{ via, terminate, everywhere, optional },
  });
  const subjects = subjectsOf(plan, namespace);
  if (roles.length === 0) {
    context.notice(`no rights in the cluster are needed for ${commands.map(({ name }) => name).join(", ")}`);
  }
  return await context.show([...roles, ...bindingsOf(roles, subjects)]);
}

function subjectsOf({ users, groups, serviceAccounts }: RbacPlan, namespace: string | undefined): RbacSubject[] {
  return [
    ...users.map((name): RbacSubject => ({ kind: "User", name })),
    ...groups.map((name): RbacSubject => ({ kind: "Group", name })),
    ...serviceAccounts.map((account) => accountOf(account, namespace)),
  ];
}

/** Parses a service account, also in kubectl's form `NAMESPACE:NAME`. Throws ScopeError (usage). */
function accountOf(account: string, namespace: string | undefined): RbacSubject {
  const [name, itsNamespace = namespace, ...rest] = account.split(/[/:]/).toReversed();
  if (name && itsNamespace && rest.length === 0) return { kind: "ServiceAccount", name, namespace: itsNamespace };
  throw new ScopeError("usage", `Option --service-account cannot be "${account}"`, {
    hint: "it is NAMESPACE/NAME, or NAME alone with -n NAMESPACE",
  });
}
