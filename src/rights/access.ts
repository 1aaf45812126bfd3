import { defined } from "../lib/defined.ts";

/** A permission in terms of RBAC. */
export interface Access {
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** Resource with its subresource, as `pods/exec`. */
  resource: string;
  /** Missing: all namespaces, or a cluster-scoped resource. */
  namespace?: string;
  /** Name of the object, if the permission is for a single one. */
  name?: string;
}

/** Formats an access for messages: `create pods/exec in namespace "shop"`. */
export function accessText(access: Access): string {
  return `${rightText(access)} ${placeText(access)}`;
}

/** Formats verb and resource as kubectl does: `get deployments.apps`. */
export function rightText({ verb, group, resource }: Pick<Access, "verb" | "group" | "resource">): string {
  return `${verb} ${resource}${group === "" ? "" : `.${group}`}`;
}

function placeText({ namespace }: Access): string {
  return namespace === undefined ? "in the whole cluster" : `in namespace "${namespace}"`;
}

/** Returns the hint for a user who lacks these rights; `command` is the command that prints a Role with them. */
export function permissionHint(missing: readonly Access[], command?: string): string {
  const places = [...new Set(missing.map(placeText))].map((place) => {
    const rights = missing.filter((one) => placeText(one) === place).map((one) => `"${rightText(one)}"`);
    return `${[...new Set(rights)].join(" and ")} ${place}`;
  });
  const role = missing.every(({ namespace }) => namespace === undefined) ? "ClusterRole" : "Role";
  return `ask for ${places.join(" and ")}${command === undefined ? "" : `: ${command} prints the ${role}`}`;
}

/** Reads the missing right from an API server's refusal: see the RBAC authorizer of Kubernetes. */
export function readRefusal(message: string): Access | undefined {
  const pattern = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/;
  const [, verb, resource, group, namespace] = pattern.exec(message) ?? [];
  if (verb === undefined || resource === undefined || group === undefined) return undefined;
  return { verb, group, resource, ...defined({ namespace }) };
}

/** Removes duplicates. */
export function uniqueAccesses(all: readonly Access[]): Access[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
