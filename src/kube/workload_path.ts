import { kindNames, type WorkloadKind } from "../target.ts";

/** Where things of a kind are in a namespace, for example `/apis/apps/v1/namespaces/shop/deployments`, or one of them. */
export function workloadPath(kind: WorkloadKind, namespace: string, name?: string): string {
  const { group, names } = kindNames[kind], prefix = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${names[0]}`;
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`;
}
