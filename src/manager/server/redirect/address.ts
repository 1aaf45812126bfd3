/** Socket addresses in the kernel's format, see ip(7) and ipv6(7). Pure. */

export const AF_INET = 2, AF_INET6 = 10;

export interface SocketAddress {
  /** Text without brackets; an IPv4-mapped IPv6 address is given as plain IPv4. */
  address: string;
  port: number;
}

/** Reads a sockaddr_in or sockaddr_in6. */
export function readSocketAddress(bytes: Uint8Array): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const port = view.getUint16(2);
  if (view.getUint16(0, true) === AF_INET) return { address: bytes.subarray(4, 8).join("."), port };
  const words = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + index * 2));
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  return { address: mapped ? bytes.subarray(20, 24).join(".") : ipv6Text(words), port };
}

/** Returns a sockaddr_in or sockaddr_in6 for an address in text, which must be valid: it is not checked. */
export function writeSocketAddress({ address, port }: SocketAddress): Uint8Array<ArrayBuffer> {
  const isIpv6 = address.includes(":");
  const bytes = new Uint8Array(isIpv6 ? 28 : 16), view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  if (isIpv6) ipv6Words(address).forEach((word, index) => view.setUint16(8 + index * 2, word));
  else bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

/** Returns ADDRESS:PORT, with an IPv6 address in brackets. */
export function addressText({ address, port }: SocketAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Formats eight 16-bit words; shortens the longest run of zeros, see RFC 5952. */
export function ipv6Text(words: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: readonly number[]) => part.map((word) => word.toString(16)).join(":");
  if (best.start < 0) return hex(words);
  return `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
}

function ipv6Words(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const words = (part: string) => part === "" ? [] : part.split(":").map((word) => parseInt(word, 16));
  if (tail === undefined) return words(head);
  const before = words(head), after = words(tail);
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
