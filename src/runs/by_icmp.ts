import type { Destination } from "../target.ts";

/** Returns the destination without the port, which ICMP does not use. */
export function byIcmp({ port: _port, protocol: _protocol, ...destination }: Destination): Destination {
  return destination;
}
