import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import type { StorageLimit, StorageLimits } from "../target.ts";
import { quantityOf } from "./quantity.ts";

/**
 * Returns the storage limits beyond which the kubelet evicts a pod. The pod's limit is the sum of its containers' limits, if
 * any has one, or an init container's if that is more. An emptyDir in memory is left out: the kernel limits its size.
 */
export function storageLimits({ spec }: V1Pod, container: string): StorageLimits {
  const init = spec?.initContainers ?? [], containers = spec?.containers ?? [];
  const sidecars = init.filter(({ restartPolicy }) => restartPolicy === "Always");
  const running = [...containers, ...sidecars].flatMap((one) => limitOf(one) ?? []);
  const first = init.filter((one) => !sidecars.includes(one)).flatMap((one) => limitOf(one) ?? []);
  const sum = running.reduce((sum, { bytes }) => sum + bytes, 0);
  const sums = running.length > 0 ? [{ bytes: sum, text: running.map(({ text }) => text).join(" + ") }] : [];
  const pod = [...sums, ...first].toSorted((a, b) => b.bytes - a.bytes)[0];
  const own = [...containers, ...init].flatMap((one) => one.name === container ? limitOf(one) ?? [] : [])[0];
  const emptyDirs = (spec?.volumes ?? []).flatMap(({ name, emptyDir }): [string, StorageLimit][] => {
    const text = emptyDir?.sizeLimit;
    return text === undefined || (emptyDir?.medium ?? "") !== "" ? [] : [[name, limit(text)]];
  });
  return {
    emptyDirs: Object.fromEntries(emptyDirs.filter(([, { bytes }]) => bytes > 0)),
    ...defined({ container: own, pod }),
  };
}

function limitOf({ resources }: V1Container): StorageLimit | undefined {
  const text = resources?.limits?.["ephemeral-storage"];
  return text === undefined ? undefined : limit(text);
}

const limit = (text: string): StorageLimit => ({ bytes: quantityOf(text), text });
