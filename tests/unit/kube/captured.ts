import type { V1Pod } from "../../../src/kube/cluster.ts";

/** A pod as the real API server told it, see tests/testdata/pods/capture. */
export function captured(name: string): V1Pod {
  return JSON.parse(Deno.readTextFileSync(new URL(`../../testdata/pods/${name}.json`, import.meta.url)));
}
