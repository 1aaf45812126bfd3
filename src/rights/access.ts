/** One thing that a user may do or not, in the words of RBAC. */
export interface Access {
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** With its subresource, as `pods/exec`. */
  resource: string;
  /** Missing: in all namespaces, or of the cluster itself. */
  namespace?: string;
  /** Of the one thing that is meant. */
  name?: string;
}

/** For messages: `create pods/exec in namespace "shop"`. */
export function accessText(access: Access): string {
  return `${rightText(access)} ${placeText(access)}`;
}

/** `get deployments.apps`, as kubectl names resources. */
export function rightText({ verb, group, resource }: Pick<Access, "verb" | "group" | "resource">): string {
  return `${verb} ${resource}${group === "" ? "" : `.${group}`}`;
}

function placeText({ namespace }: Access): string {
  return namespace === undefined ? "in the whole cluster" : `in namespace "${namespace}"`;
}

/** The hint for who lacks these rights; `command` prints a Role that has them. */
export function permissionHint(missing: readonly Access[], command?: string): string {
  const places = [...new Set(missing.map(placeText))].map((place) => {
    const rights = missing.filter((one) => placeText(one) === place).map((one) => `"${rightText(one)}"`);
    return `${[...new Set(rights)].join(" and ")} ${place}`;
  });
  const role = missing.every(({ namespace }) => namespace === undefined) ? "ClusterRole" : "Role";
  return `ask for ${places.join(" and ")}${command === undefined ? "" : `: ${command} prints the ${role}`}`;
}

/** What the API server says is missing, when it refuses a request: see RBAC's authorizer of Kubernetes. */
export function readRefusal(message: string): Access | undefined {
  const pattern = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/;
  const [, verb, resource, group, namespace] = pattern.exec(message) ?? [];
  if (verb === undefined || resource === undefined || group === undefined) return undefined;
  return { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
}

/** Each once. */
export function uniqueAccesses(all: readonly Access[]): Access[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
