import type { V1Pod } from "../../../src/kube/cluster.ts";

/** Returns a pod captured from a real API server, see tests/testdata/pods/capture. */
export function captured(name: string): V1Pod {
  return JSON.parse(Deno.readTextFileSync(new URL(`../../testdata/pods/${name}.json`, import.meta.url)));
}
