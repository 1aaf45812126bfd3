import { defined } from "../lib/defined.ts";
import type { Access } from "../rights/access.ts";
import { uniqueAccesses } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";

/**
 * Asks the API server whether this user has a right (SelfSubjectAccessReview). Returns true when the review itself fails, so
 * that the request is at least tried.
 */
export async function isAllowed(cluster: Cluster, access: Access): Promise<boolean> {
  const [resource, subresource] = access.resource.split("/");
  const resourceAttributes = { ...access, resource, ...defined({ subresource }) };
  try {
    const review = await cluster.request<{ status?: { allowed?: boolean } }>("ask for your own rights", {
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
    });
    return review.status?.allowed !== false;
  } catch {
    return true;
  }
}

/** Returns those of the rights that this user lacks according to the API server. */
export async function missingOf(cluster: Cluster, rights: readonly Access[]): Promise<Access[]> {
  const unique = uniqueAccesses(rights);
  const allowed = await Promise.all(unique.map((access) => isAllowed(cluster, access)));
  return unique.filter((_access, at) => !allowed[at]);
}

/** Throws ScopeError (denied) when this user lacks some of these rights. */
export async function assertAllowed(cluster: Cluster, what: string, rights: readonly Access[]): Promise<void> {
  const missing = await missingOf(cluster, rights);
  if (missing.length === 0) return;
  throw new ScopeError("denied", "you are not allowed to", { task: what, missing });
}
