import type { Access } from "./access.ts";
import { permissionHint } from "./access.ts";
import { rightsOf } from "./permission_groups.ts";
import type { CommandPermissions, RoleQuery } from "./role.ts";
import { placesOf } from "./role.ts";

/** Options of a run that decide which rights it needs. */
export type Given = Pick<RoleQuery, "pod" | "selector" | "via" | "debugNamespace"> & { namespace: string };

/**
 * Returns the hint for a user who lacks these rights in a run of `command`. It contains a command line that prints a Role with
 * them, if there is one. The namespace is always named, as the administrator who grants them uses another kubeconfig.
 */
export function adviceFor(
  missing: readonly Access[],
  commands: readonly CommandPermissions[],
  command: string,
  given: Given,
): string {
  const thisCommand = commands.filter(({ name }) => name === command);
  const tries = [thisCommand, commands].flatMap((some) => queriesFor(missing, given).map((query) => ({ some, query })));
  const found = tries.find(({ some, query }) => missing.every((one) => grants(some, query, one)));
  if (found === undefined) return permissionHint(missing);
  return permissionHint(
    missing,
    lineOf(found.query, found.some === thisCommand ? [command] : []).map(quoted).join(" "),
  );
}

/** Returns queries for a Role with the missing rights, from the plainest to the most special. */
function queriesFor(missing: readonly Access[], { pod, selector, ...given }: Given): RoleQuery[] {
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

/** Returns the command line of scope for a query. */
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

/** Quotes a word for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
