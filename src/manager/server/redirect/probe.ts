import { Probe_Kind } from "../../protocol/gen/manager_pb.ts";
import type { Probe } from "../../protocol/gen/manager_pb.ts";

/** Time that a connection from the node may be silent before it counts as no probe, in milliseconds. */
export const probeMs = 300;

const httpStart = /^(GET|HEAD|POST|PUT|OPTIONS|DELETE|PATCH) /;
const http2Start = "PRI * HTTP/2.0";

/**
 * Returns true when a connection from the pod's node is a probe of the kubelet, judged by the probes in the pod's spec for
 * that port and by the first bytes received: undefined when none came in time, empty when the connection ended without any.
 *
 * An HTTP probe names itself in its user agent. A probe over TLS or gRPC cannot be recognised in plain text: then every
 * connection from the node to that port in that protocol counts as a probe.
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
