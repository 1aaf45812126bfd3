import { bytes } from "../../text/format.ts";
import type { Excess } from "./excess.ts";
import type { Target } from "../../target.ts";

/** Warns before a copy that gets the pod evicted. */
export function evictionText({ of, volume, bytes: count, limit }: Excess, { pod, container }: Target): string {
  const into = {
    volume: `the volume "${volume}", an emptyDir with a sizeLimit of ${limit.text}`,
    container: `the container "${container.name}", which has a limit of ${limit.text} of ephemeral-storage`,
    pod: `the pod, whose containers have a limit of ${limit.text} of ephemeral-storage`,
  }[of];
  return `warning: the kubelet evicts the pod "${pod}" when this is copied: ${bytes(count)} into ${into}`;
}
