import type { PermissionGroup, RightsQuery } from "./permission_groups.ts";
import { podName, rightsOf } from "./permission_groups.ts";
import type { RbacBinding, RbacRole, RbacRule, RbacSubject } from "../event.ts";
import { defined } from "../lib/defined.ts";
import { now } from "../lib/timed.ts";
import type { Right } from "./rights.ts";

/** A command and the rights that it needs, as groups. */
export interface CommandPermissions {
  name: string;
  permissions: readonly PermissionGroup[];
}

export interface RoleQuery extends RightsQuery {
  /** Missing: the Role names no namespace, and takes the one that it is applied in. */
  namespace?: string | undefined;
  /** Default: the target's namespace. */
  debugNamespace?: string | undefined;
  /** Namespace of the ping destinations. Default: the target's namespace. */
  destinationNamespace?: string | undefined;
  /** Includes optional rights, which the commands also work without. */
  optional: boolean;
  /** Name of the Role. */
  name: string;
}

/** Returns the least Roles that commands need: one per namespace, and a ClusterRole for cluster-wide rights. */
export function rolesOf(commands: readonly CommandPermissions[], query: RoleQuery): RbacRole[] {
  const all = rightsOf(commands.flatMap(({ permissions }) => permissions), query).filter((one) =>
    query.optional || !one.optional
  );
  const places = placesOf(query);
  const inCluster = all.filter(({ where }) => where === "cluster");
  const others = all.flatMap((right) => right.where === "cluster" ? [] : [{ right, at: places[right.where] }]);
  const common = {
    ...{ type: "rbac.role", time: now(), name: query.name } as const,
    commands: commands.map(({ name }) => name),
  };
  const roles = [...new Set(others.map(({ at }) => at))].map((at): RbacRole => {
    const here = others.filter((one) => one.at === at).map(({ right }) => right);
    const place = defined({ namespace: at });
    return { ...common, kind: "Role", ...place, rules: rulesOf(here, podName(query)), notes: notesOf(here, query) };
  });
  if (inCluster.length === 0) return roles;
  return [...roles, { ...common, kind: "ClusterRole", rules: rulesOf(inCluster), notes: notesOf(inCluster, query) }];
}

/** Returns the namespace for each `where` of a right; undefined when none is specified. */
export function placesOf({ namespace, debugNamespace = namespace, destinationNamespace = namespace }: RoleQuery) {
  return { target: namespace, debug: debugNamespace, destination: destinationNamespace };
}

/** Binds each Role to each subject. The name contains both, so a binding for another subject does not replace it. */
export function bindingsOf(roles: readonly RbacRole[], subjects: readonly RbacSubject[]): RbacBinding[] {
  return subjects.flatMap((subject) =>
    roles.map(({ kind, name, namespace }): RbacBinding => ({
      ...{ type: "rbac.binding", time: now(), kind: `${kind}Binding`, role: name } as const,
      name: `${name}-${subjectName(subject)}`,
      ...defined({ namespace }),
      subject,
    }))
  );
}

/** Returns a unique name of a subject, without characters forbidden by ValidatePathSegmentName of Kubernetes. */
function subjectName({ kind, namespace, name }: RbacSubject): string {
  return `${kind.toLowerCase()}-${namespace === undefined ? "" : `${namespace}.`}${name}`.replaceAll(/[/%]/g, "-");
}

/** Returns one rule per resource, and separate rules for rights that are narrowed to one pod's name. */
function rulesOf(rights: readonly Right[], pod?: string): RbacRule[] {
  const rules = new Map<string, RbacRule>();
  const narrow = (right: Right) => right.own && pod !== undefined;
  const wide = new Set(
    rights.filter((right) => !narrow(right)).map(({ verb, group, resource }) => `${verb} ${resource}.${group}`),
  );
  for (const right of rights) {
    const { verb, group, resource, why } = right;
    if (narrow(right) && wide.has(`${verb} ${resource}.${group}`)) continue;
    const key = `${resource}.${group} ${narrow(right)}`;
    const names = narrow(right) ? { resourceNames: [pod!] } : {};
    const rule = rules.get(key) ?? { apiGroups: [group], resources: [resource], ...names, verbs: [], for: [] };
    rules.set(key, rule);
    if (!rule.verbs.includes(verb)) rule.verbs.push(verb);
    if (!rule.for.includes(why)) rule.for.push(why);
  }
  return [...rules.values()].map((rule) => ({ ...rule, verbs: rule.verbs.toSorted(byHabit) }));
}

/** Verbs in their customary order. */
const habit = ["get", "list", "watch", "create", "patch", "delete"];
const byHabit = (a: string, b: string) => habit.indexOf(a) - habit.indexOf(b);

/** Returns notes for an administrator who is about to apply the Role. */
function notesOf(rights: readonly Right[], query: RoleQuery): string[] {
  const has = (verb: string, resource: string, also: (right: Right) => boolean = () => true) =>
    rights.some((right) => right.verb === verb && right.resource === resource && also(right));
  const patches = has("patch", "pods/ephemeralcontainers"), execs = has("create", "pods/exec");
  const narrowed = podName(query) !== undefined, debugs = has("create", "pods", ({ where }) => where === "debug");
  return [
    ...patches && query.via === "auto"
      ? [
        "By an ephemeral container, which --via auto takes where a debug pod is not allowed; --via node prints what that takes.",
      ]
      : [],
    ...execs ? ["exec is a websocket, which starts as a get; from Kubernetes 1.35 on it needs create as well."] : [],
    ...debugs
      ? ["RBAC cannot limit create to debug pods: who has this Role can be root on every node."]
      : has("create", "pods")
      ? ["RBAC cannot limit create to copies: who has this Role can make any pod that the namespace admits."]
      : [],
    ...debugs && !has("delete", "pods")
      ? [
        "A debug pod ends by itself after 10 idle minutes; to remove one at the end, give -t to rbac and to the command.",
      ]
      : [],
    ...has("delete", "pods") ? ["RBAC knows no labels: delete is for every pod there."] : [],
    ...execs && has("create", "pods/exec", ({ where }) => where === "cluster")
      ? ["exec is for every pod of the cluster: who has this ClusterRole can be root wherever a debug pod runs."]
      : [],
    ...patches && !narrowed
      ? ["This is for all pods of the namespace, so for debug pods in it, too; -p POD narrows it to one pod."]
      : [],
    ...patches && narrowed
      ? [`Only for the pod of that name: one of a workload has another. -p TYPE/NAME is for all pods.`]
      : [],
  ];
}

/**
 * Returns a Markdown table of the least rights of each command by each way. Commands with equal needs share a row. The target's
 * namespace and the debug pod's, where it is another one, have separate columns.
 */
export function rightsTable(commands: readonly CommandPermissions[]): string[] {
  const rows = new Map<string, string[]>();
  for (const { name, permissions } of commands) {
    const both = (["ephemeral", "node"] as const).map((via) => ({ via, cells: cellsOf(permissions, via) }));
    const alike = both[0]!.cells === both[1]!.cells;
    for (const { via, cells } of alike ? both.slice(0, 1) : both) {
      const key = `${alike ? "" : via} | ${cells}`;
      rows.set(key, [...rows.get(key) ?? [], `\`${name}\``]);
    }
  }
  return [
    "| commands | `--via` | in the target's namespace | in the debug pod's namespace |",
    "|---|---|---|---|",
    ...[...rows].map(([cells, names]) => `| ${names.join(", ")} | ${cells} |`),
  ];
}

function cellsOf(permissions: readonly PermissionGroup[], via: "ephemeral" | "node"): string {
  const query = { namespace: "target", debugNamespace: "debug", name: "", terminate: false, everywhere: false };
  const roles = rolesOf([{ name: "", permissions }], { ...query, via, optional: false });
  const cell = (namespace: string) => {
    const rules = roles.find((role) => role.namespace === namespace)?.rules ?? [];
    return rules.map(({ verbs, resources }) => `${verbs.join(", ")} \`${resources.join(", ")}\``).join("; ") || "–";
  };
  return `${cell("target")} | ${cell("debug")}`;
}
