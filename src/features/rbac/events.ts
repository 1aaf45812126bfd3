import type { Timed } from "../../lib/timed.ts";

export type RbacEvent =
  | RbacRole
  | RbacBinding;

/** The least rights that commands need in one namespace, or for a ClusterRole in all of them and of the cluster itself. */
export interface RbacRole extends Timed {
  type: "rbac.role";
  kind: "Role" | "ClusterRole";
  name: string;
  /** Missing: it belongs where it is applied; a ClusterRole has none. */
  namespace?: string;
  /** Whose rights they are. */
  commands: string[];
  rules: RbacRule[];
  /** What to know before it is applied. */
  notes: string[];
}

/** A rule as RBAC has it, but for its reasons. */
export interface RbacRule {
  /** Empty text: the core group. */
  apiGroups: string[];
  resources: string[];
  /** Missing: whatever the name. */
  resourceNames?: string[];
  verbs: string[];
  /** What the commands do with it; each completes "to …". */
  for: string[];
}

/** Gives a Role to somebody. */
export interface RbacBinding extends Timed {
  type: "rbac.binding";
  kind: "RoleBinding" | "ClusterRoleBinding";
  name: string;
  /** As that of the Role. */
  namespace?: string;
  /** Name of the Role, or of the ClusterRole. */
  role: string;
  subject: RbacSubject;
}

/** Who gets a Role. */
export interface RbacSubject {
  kind: "User" | "Group" | "ServiceAccount";
  name: string;
  /** Of a service account. */
  namespace?: string;
}
