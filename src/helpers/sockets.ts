/** The socket calls that time a TCP handshake. Deno has no API to end a connection by a reset. Constants are Linux's. */
const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  getaddrinfo: { parameters: ["buffer", "buffer", "buffer", "buffer"], result: "i32", nonblocking: true },
  freeaddrinfo: { parameters: ["pointer"], result: "void" },
  gai_strerror: { parameters: ["i32"], result: "pointer" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
}).symbols;

const SOCK_STREAM = 1, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_ERROR = 4, SO_LINGER = 13;
const IPPROTO_TCP = 6, TCP_QUICKACK = 12;
const POLLOUT = 4;
const EINPROGRESS = 115;

/** An address with its port, in the kernel's format: sockaddr_in or sockaddr_in6. */
export type SocketAddress = Uint8Array<ArrayBuffer>;

const errno = new Deno.UnsafePointerView(libc.__errno_location()!);
/** Value of SO_LINGER: closing sends a reset at once, and leaves no TIME_WAIT behind. */
const noLinger = new Uint8Array(new Int32Array([1, 0]).buffer);
/** Value of TCP_QUICKACK: a reset replaces the delayed acknowledgement, so the peer's program never sees a connection. */
const noAcknowledgement = new Uint8Array(new Int32Array([0]).buffer);

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function textAt(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : new Deno.UnsafePointerView(pointer).getCString();
}

/** Returns the C library's text for an error. */
export function errorText(code: number): string {
  return textAt(libc.strerror(code));
}

/** Resolves a name as every program in this network: /etc/hosts, resolv.conf. Throws Error with the resolver's message. */
export async function resolve(host: string, port: number): Promise<SocketAddress> {
  const hints = new Uint8Array(48), found = new BigUint64Array(1);
  new DataView(hints.buffer).setInt32(8, SOCK_STREAM, true);
  const code = await libc.getaddrinfo(cString(host), cString(String(port)), hints, new Uint8Array(found.buffer));
  if (code !== 0) throw new Error(textAt(libc.gai_strerror(code)));
  const first = Deno.UnsafePointer.create(found[0]!)!;
  try {
    // struct addrinfo: the length of the address is at offset 16, its pointer at 24.
    const info = new Deno.UnsafePointerView(first);
    const address = new Uint8Array(info.getUint32(16));
    Deno.UnsafePointerView.copyInto(info.getPointer(24)!, address);
    return address;
  } finally {
    libc.freeaddrinfo(first);
  }
}

/** Starts to connect. Returns a descriptor and an errno: 0 if connected, undefined while the attempt is in progress. */
export function beginConnect(address: SocketAddress): { descriptor: number; error?: number } {
  const family = new DataView(address.buffer).getUint16(0, true);
  const descriptor = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return { descriptor, error: errno.getInt32() };
  libc.setsockopt(descriptor, SOL_SOCKET, SO_LINGER, noLinger, noLinger.length);
  libc.setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, noAcknowledgement, noAcknowledgement.length);
  if (libc.connect(descriptor, address, address.length) === 0) return { descriptor, error: 0 };
  const error = errno.getInt32();
  return error === EINPROGRESS ? { descriptor } : { descriptor, error };
}

/** Blocks until one of the descriptors has an outcome, at most `timeoutMs`. Returns those that have one. */
export function waitForAny(descriptors: readonly number[], timeoutMs: number): Set<number> {
  const polled = new Uint8Array(descriptors.length * 8), view = new DataView(polled.buffer);
  for (const [at, descriptor] of descriptors.entries()) {
    view.setInt32(at * 8, descriptor, true);
    view.setInt16(at * 8 + 4, POLLOUT, true);
  }
  if (libc.poll(polled, BigInt(descriptors.length), timeoutMs) <= 0) return new Set();
  return new Set(descriptors.filter((_, at) => view.getInt16(at * 8 + 6, true) !== 0));
}

/** Returns the errno that ended the connection attempt; 0 if it is connected. */
export function errorOf(descriptor: number): number {
  const error = new Int32Array(1);
  const buffer = new Uint8Array(error.buffer), length = new Uint8Array(new Uint32Array([4]).buffer);
  return libc.getsockopt(descriptor, SOL_SOCKET, SO_ERROR, buffer, length) === 0 ? error[0]! : errno.getInt32();
}

export function close(descriptor: number): void {
  if (descriptor >= 0) libc.close(descriptor);
}
