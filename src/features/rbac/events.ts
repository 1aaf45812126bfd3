import type { Timed } from "../../lib/timed.ts";

export type RbacEvent =
  | RbacRole
  | RbacBinding;

/**
 * The least rights that commands need in one namespace; a ClusterRole has rights in all namespaces and to the cluster itself.
 */
export interface RbacRole extends Timed {
  type: "rbac.role";
  kind: "Role" | "ClusterRole";
  name: string;
  /** Missing if the Role belongs to the namespace where it is applied; a ClusterRole has none. */
  namespace?: string;
  /** The commands that need these rights. */
  commands: string[];
  rules: RbacRule[];
  /** Notes to read before it is applied. */
  notes: string[];
}

/** A rule as in RBAC, with its reasons. */
export interface RbacRule {
  /** Empty text for the core group. */
  apiGroups: string[];
  resources: string[];
  /** Missing for all names. */
  resourceNames?: string[];
  verbs: string[];
  /** Purposes of the rule; each completes "to …". */
  for: string[];
}

/** Binds a Role to a subject. */
export interface RbacBinding extends Timed {
  type: "rbac.binding";
  kind: "RoleBinding" | "ClusterRoleBinding";
  name: string;
  /** Namespace of the Role. */
  namespace?: string;
  /** Name of the Role or ClusterRole. */
  role: string;
  subject: RbacSubject;
}

/** The subject that gets a Role. */
export interface RbacSubject {
  kind: "User" | "Group" | "ServiceAccount";
  name: string;
  /** Namespace of a service account. */
  namespace?: string;
}
