import type { Cluster } from "./cluster.ts";

/** One thing that a user may do or not, in the words of RBAC. */
export interface Access {
  verb: string;
  resource: string;
  subresource?: string;
  /** Empty: in all namespaces. */
  namespace: string;
}

/**
 * Whether this user may do it, asked of the API server (SelfSubjectAccessReview). One that does not answer that is no
 * reason not to try.
 */
export async function isAllowed(cluster: Cluster, resourceAttributes: Access): Promise<boolean> {
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

/** For messages: `create pods/exec in namespace "shop"`. */
export function accessText({ verb, resource, subresource, namespace }: Access): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${what}${namespace === "" ? "" : ` in namespace "${namespace}"`}`;
}
