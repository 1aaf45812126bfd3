import { Probe_Kind } from "../../protocol/gen/manager_pb.ts";
import type { Probe } from "../../protocol/gen/manager_pb.ts";

/** How long a connection from the node may be silent before it is taken for no probe, in milliseconds. */
export const probeMs = 300;

const httpStart = /^(GET|HEAD|POST|PUT|OPTIONS|DELETE|PATCH) /;
const http2Start = "PRI * HTTP/2.0";

/**
 * Whether a connection from the pod's node is a probe of the kubelet, by what probes the pod's spec has on that port and
 * the first bytes that came: undefined when none came in time, empty when it ended without any.
 *
 * An HTTP probe tells its name. One over TLS or gRPC does not in plain text: then all that the node itself says in that
 * protocol, to that port, counts as a probe.
 */
export function isProbe(probes: readonly Pick<Probe, "kind">[], first: Uint8Array | undefined): boolean {
  if (first === undefined) return false;
  const has = (kind: Probe_Kind) => probes.some((probe) => probe.kind === kind);
  if (first.length === 0) return has(Probe_Kind.TCP);
  const text = new TextDecoder().decode(first.subarray(0, 8192));
  if (has(Probe_Kind.HTTP) && httpStart.test(text)) return /^user-agent: *kube-probe\//im.test(text);
  if (has(Probe_Kind.GRPC) && text.startsWith(http2Start)) return true;
  return has(Probe_Kind.HTTPS) && first[0] === 0x16; // a TLS handshake
}
