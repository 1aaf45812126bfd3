import { defined } from "../lib/defined.ts";
import type { Access } from "./access.ts";
import { uniqueAccesses } from "./access.ts";

/** Namespace in which a right is needed: the target's, the debug pod's, the ping destinations', or none (cluster-wide). */
export type Where = "target" | "debug" | "destination" | "cluster";

/** A right that commands need, independent of actual namespaces. */
export interface Right {
  verb: string;
  group: string;
  resource: string;
  where: Where;
  /** True when only the target's pod is accessed, by name: a Role can be narrowed to that name. */
  own: boolean;
  /** True when commands still work without the right. */
  optional: boolean;
  /** Purpose; completes "to …". */
  why: string;
}

/** Makes rights from `verbs resource` for the core group, or `verbs resource.group` for another. */
function rights(where: Where, words: string, why: string, more: Partial<Right> = {}): Right[] {
  const [verbs = "", what = ""] = words.split(" ");
  const [, resource = "", group = ""] = /^([^.]*)\.?(.*)$/.exec(what)!;
  return verbs.split(",").map((verb) => ({ verb, group, resource, where, own: false, optional: false, why, ...more }));
}

const own = { own: true }, optional = { optional: true }, ownOptional = { own: true, optional: true };

/** Makes the rights to exec: a websocket begins as a GET; from Kubernetes 1.35 on, the API server also requires `create`. */
const exec = (where: Where, why: string, more?: Partial<Right>) => rights(where, "get,create pods/exec", why, more);

/**
 * All rights that scope uses; their only definition. `nodes/proxy` is left out, although it tells a pod's use of memory where
 * there is no metrics API: it also allows running commands in any pod, so nobody should get it for that.
 */
export const rightTable = {
  /** Finds the target by its pod's name. */
  pod: rights("target", "get pods", "find the target by its name", own),
  /** Finds the target by labels, also those of a workload. */
  labels: rights("target", "list pods", "find the target by its labels"),
  deployment: rights("target", "get deployments.apps", "find the target by its deployment"),
  statefulset: rights("target", "get statefulsets.apps", "find the target by its stateful set"),
  daemonset: rights("target", "get daemonsets.apps", "find the target by its daemon set"),
  replicaset: rights("target", "get replicasets.apps", "find the target by its replica set"),
  job: rights("target", "get jobs.batch", "find the target by its job"),
  cronjob: [
    ...rights("target", "get cronjobs.batch", "find the target by its cron job"),
    ...rights("target", "list jobs.batch", "find the jobs of the cron job"),
  ],
  replicationcontroller: rights(
    "target",
    "get replicationcontrollers",
    "find the target by its replication controller",
  ),
  service: rights("target", "get services", "find the target by its service"),
  /** Follows the pods of a workload as they come and go. */
  following: rights("target", "get,list,watch pods", "follow the pods that come and go"),
  ephemeral: [
    ...rights("target", "patch pods/ephemeralcontainers", "add an ephemeral container", own),
    ...rights("target", "list,watch pods", "see when the ephemeral container runs", own),
    ...exec("target", "talk to the manager in the ephemeral container", own),
    ...rights("target", "list events", "tell why it does not start", optional),
    ...rights("target", "get pods.metrics.k8s.io", "tell whether the pod has memory for it", ownOptional),
    ...rights("cluster", "get nodes", "tell that a node is not ready", optional),
  ],
  node: [
    ...rights("debug", "list pods", "find the debug pod that runs"),
    ...rights("debug", "create pods", "start a debug pod"),
    ...rights("debug", "list,watch pods", "see when the debug pod runs"),
    ...exec("debug", "talk to the manager in the debug pod"),
    ...rights("debug", "delete pods", "remove a debug pod that has ended, or that does not start", optional),
    ...rights("debug", "list events", "tell why it does not start", optional),
    ...rights("target", "list,watch pods", "tell that the target is gone", ownOptional),
    ...rights("cluster", "get nodes", "tell that a node is not ready", optional),
  ],
  /** The global option --terminate. */
  terminate: rights("debug", "delete,list,watch pods", "remove the debug pod at the end (--terminate)"),
  destinations: [
    ...rights("destination", "get,list pods", "find the pods to send to"),
    ...rights("destination", "watch pods", "tell that they are gone", optional),
  ],
  copy: [
    ...rights("target", "create pods", "make the copy"),
    ...rights("target", "list,watch pods", "see when the copy runs"),
    ...rights("target", "delete pods", "remove a copy that does not start", optional),
    ...rights("target", "list events", "tell why it does not start", optional),
    ...rights("cluster", "get nodes", "tell that a node is not ready", optional),
  ],
  list: [
    ...rights("target", "list pods", "find copies of pods and ephemeral containers"),
    ...rights("debug", "list pods", "find debug pods"),
  ],
  remove: [
    ...rights("target", "get pods", "find what was made for a pod (-p POD)"),
    ...rights("target", "delete,list,watch pods", "remove copies of pods"),
    ...rights("debug", "delete,list,watch pods", "remove debug pods"),
    ...exec("target", "end the managers in ephemeral containers"),
  ],
  logs: [
    ...rights("target", "get,list,watch pods", "follow the pods that come and go", own),
    ...rights("target", "get pods/log", "read the logs of the pods", own),
  ],
  names: [
    ...rights("target", "list pods", "offer the names of pods and containers", optional),
    ...rights("cluster", "list namespaces", "offer the names of namespaces", optional),
  ],
  namespace: rights("target", "get namespaces", "tell that a namespace is not there", optional),
} as const satisfies Record<string, readonly Right[]>;

/** Purpose of each group of the table, in a few words. */
const titles: Readonly<Record<keyof typeof rightTable, string>> = {
  ...{ pod: "finding the target", labels: "finding it by labels", deployment: "-p deployment/NAME" },
  ...{ statefulset: "-p statefulset/NAME", daemonset: "-p daemonset/NAME", service: "-p service/NAME" },
  ...{ replicaset: "-p replicaset/NAME", job: "-p job/NAME", cronjob: "-p cronjob/NAME" },
  replicationcontroller: "-p replicationcontroller/NAME",
  ...{ following: "redir of several pods", ephemeral: "the ephemeral way", node: "the node way" },
  ...{
    terminate: "--terminate",
    destinations: "ping and hping to pods",
    copy: "copy",
    list: "list",
    remove: "cleanup",
  },
  ...{ logs: "logs", names: "completions", namespace: "error messages" },
};

/** Returns every right of the table with the purpose of its group, including duplicates. */
export function allRights(): (Right & { title: string })[] {
  return Object.entries<readonly Right[]>(rightTable).flatMap(([group, rights]) =>
    rights.map((right) => ({ ...right, title: titles[group as keyof typeof rightTable] }))
  );
}

/**
 * Returns the rights to create and use an ephemeral container, debug pod or copy. They are checked before it is created: a user
 * who lacks one could not use or remove it. `name` is the name of the target's pod.
 */
export function rightsToUse(what: "ephemeral" | "node" | "copy", namespace: string, name?: string): Access[] {
  return uniqueAccesses(
    rightTable[what].filter(({ optional }) => !optional).map((one) => accessOf(one, namespace, name)),
  );
}

/** Returns the rights to exec into a pod. */
export function execRights(namespace: string, pod: string): Access[] {
  return exec("target", "").map((right) => accessOf(right, namespace, pod));
}

export function accessOf({ verb, group, resource }: Right, namespace: string | undefined, name?: string): Access {
  return {
    ...{ verb, group, resource },
    ...defined({ namespace, name }),
  };
}
