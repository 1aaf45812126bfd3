import { kindNames, type WorkloadKind } from "../target.ts";

/** Returns the path of the objects of a kind in a namespace, or of one: `/apis/apps/v1/namespaces/shop/deployments`. */
export function workloadPath(kind: WorkloadKind, namespace: string, name?: string): string {
  const { group, names } = kindNames[kind], prefix = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${names[0]}`;
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`;
}
