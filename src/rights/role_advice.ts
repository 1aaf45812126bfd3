import type { Access } from "./access.ts";
import { permissionHint } from "./access.ts";
import { rightsOf } from "./permission_groups.ts";
import type { CommandPermissions, RoleQuery } from "./role.ts";
import { placesOf } from "./role.ts";

/** What a run was given that decides which rights it needs. */
export type Given = Pick<RoleQuery, "pod" | "selector" | "via" | "debugNamespace"> & { namespace: string };

/**
 * The hint for who lacks these rights in a run of `command`: with a command line that prints a Role which has them, if one
 * does. It names the namespace in any case, as whoever can grant them has another kubeconfig.
 */
export function adviceFor(
  missing: readonly Access[],
  commands: readonly CommandPermissions[],
  command: string,
  given: Given,
): string {
  const own = commands.filter(({ name }) => name === command);
  const tries = [own, commands].flatMap((some) => waysToAsk(missing, given).map((query) => ({ some, query })));
  const found = tries.find(({ some, query }) => missing.every((one) => grants(some, query, one)));
  if (found === undefined) return permissionHint(missing);
  return permissionHint(missing, lineOf(found.query, found.some === own ? [command] : []).map(quoted).join(" "));
}

/** From the plainest to the most special. */
function waysToAsk(missing: readonly Access[], { pod, selector, ...given }: Given): RoleQuery[] {
  const plain: RoleQuery = { ...given, terminate: false, everywhere: false, optional: false, name: "" };
  const namespace = missing[0]?.namespace;
  const node = { ...plain, via: "node" } as const;
  return [
    plain,
    node,
    ...pod === undefined ? [] : [{ ...plain, pod }],
    ...selector === undefined ? [] : [{ ...plain, selector }],
    { ...node, terminate: true },
    ...namespace === undefined
      ? [{ ...plain, everywhere: true }]
      : [{ ...plain, destinationNamespace: namespace }, { ...plain, namespace }, { ...node, namespace }],
  ];
}

function grants(
  commands: readonly CommandPermissions[],
  query: RoleQuery,
  { verb, group, resource, namespace }: Access,
): boolean {
  const places = placesOf(query);
  return rightsOf(commands.flatMap(({ permissions }) => permissions), query).some((right) =>
    !right.optional && right.verb === verb && right.group === group && right.resource === resource &&
    (right.where === "cluster" ? undefined : places[right.where]) === namespace
  );
}

/** The command line of scope that this query stands for. */
function lineOf(query: RoleQuery, commands: readonly string[]): string[] {
  const option = (flag: string, value: string | undefined) => value === undefined ? [] : [flag, value];
  return [
    "scope",
    ...option("-n", query.namespace),
    ...option("--debug-namespace", query.debugNamespace),
    ...option("-p", query.pod),
    ...option("-l", query.selector),
    ...query.via === "auto" ? [] : ["--via", query.via],
    ...query.terminate ? ["-t"] : [],
    "rbac",
    ...query.everywhere ? ["-A"] : [],
    ...option("-N", query.destinationNamespace),
    ...commands,
  ];
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
