/** C library calls that Deno has no API for: sockets in another network namespace. Linux, x86-64 and arm64. */
import { errno } from "../errno.ts";
import { cString, libc, O_CLOEXEC } from "../libc.ts";
import type { SocketAddress } from "./address.ts";
import { AF_INET, AF_INET6, readSocketAddress, writeSocketAddress } from "./address.ts";
import { infoLength, infoSizeAt } from "./legacy_table.ts";
import type { LegacyTable } from "./legacy_table.ts";

const { symbols } = Deno.dlopen("libc.so.6", {
  setns: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32", nonblocking: true },
  // epoll_wait on this thread: by another name, because a symbol is either blocking or nonblocking.
  epoll_pwait: { parameters: ["i32", "buffer", "i32", "i32", "pointer"], result: "i32" },
});

const SOCK_STREAM = 1, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_IP = 0, SOL_SOCKET = 1, IPPROTO_TCP = 6, SOL_IPV6 = 41;
const SO_ERROR = 4, SO_KEEPALIVE = 9, SO_LINGER = 13, SO_MARK = 36;
const TCP_NODELAY = 1, TCP_KEEPIDLE = 4;
const IPV6_V6ONLY = 26, SO_ORIGINAL_DST = 80;
const IPT_SO_GET_INFO = 64, IPT_SO_GET_ENTRIES = 65, TABLE_NAME = 32, ENTRIES_HEAD = 40;
const CLONE_NEWNET = 0x40000000;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
export const EAGAIN = 11, EINTR = 4, EINPROGRESS = 115, EPIPE = 32;

/** A failed call on a socket. */
export class SocketError extends Error {
  override name = "SocketError";
  constructor(readonly call: string, readonly number: number) {
    super(`${call}: ${reasons[number] ?? `error ${number}`}`);
  }
}

/** Texts for the numbers of errno.h that users may see. */
const reasons: Readonly<Record<number, string>> = {
  1: "not permitted",
  24: "too many open files",
  32: "broken pipe",
  97: "no such address family",
  101: "network is unreachable",
  103: "connection aborted",
  104: "connection reset",
  110: "timed out",
  111: "connection refused",
  113: "no route to host",
};

function checked(call: string, result: number): number {
  if (result >= 0) return result;
  throw new SocketError(call, errno());
}

const numberOf = (value: number) => new Uint8Array(new Int32Array([value]).buffer);

function setOption(fd: number, level: number, option: number, value: Uint8Array<ArrayBuffer>): void {
  checked("setsockopt", symbols.setsockopt(fd, level, option, value, value.length));
}

export const close = (fd: number): void => void libc.close(fd);

/** Opens a namespace of /proc, which persists while the descriptor is open. */
export const openNamespace = (path: string): number => checked("open", libc.open(cString(path), O_CLOEXEC));

/**
 * Runs `body`, which creates sockets, in another network namespace. `body` must be synchronous: all other code runs on this
 * thread, too.
 */
export function inNamespace<T>(home: number, there: number, body: () => T): T {
  checked("setns", symbols.setns(there, CLONE_NEWNET));
  try {
    return body();
  } finally {
    // Otherwise everything would continue in the wrong network.
    if (symbols.setns(home, CLONE_NEWNET) !== 0) Deno.exit(70);
  }
}

const kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

/** Limit of the connections that wait to be accepted; the kernel's own limit may be lower. */
const backlog = 4096;

/** Listens on a free port of all addresses, of both families if available. */
export function listenAnywhere(): { fd: number; port: number } {
  let fd = symbols.socket(AF_INET6, kind, 0);
  const ipv6 = fd >= 0;
  if (!ipv6) fd = checked("socket", symbols.socket(AF_INET, kind, 0));
  try {
    if (ipv6) setOption(fd, SOL_IPV6, IPV6_V6ONLY, numberOf(0));
    const any = writeSocketAddress({ address: ipv6 ? "::" : "0.0.0.0", port: 0 });
    checked("bind", symbols.bind(fd, any, any.length));
    checked("listen", symbols.listen(fd, backlog));
    const bytes = new Uint8Array(28);
    checked("getsockname", symbols.getsockname(fd, bytes, numberOf(bytes.length)));
    return { fd, port: readSocketAddress(bytes).port };
  } catch (error) {
    close(fd);
    throw error;
  }
}

const addressBytes = new Uint8Array(28);

/** Accepts the next waiting connection; returns undefined when there is none. Skips connections that were aborted. */
export function accept(listener: number): { fd: number; from: SocketAddress } | undefined {
  while (true) {
    const fd = symbols.accept4(listener, addressBytes, numberOf(addressBytes.length), SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return { fd, from: readSocketAddress(addressBytes) };
    const number = errno();
    if (number === EAGAIN) return undefined;
    if (number !== EINTR && number !== 103) throw new SocketError("accept", number);
  }
}

/** Returns the original destination of a redirected connection; undefined for one that was not redirected. */
export function originalDestination(fd: number, from: SocketAddress): SocketAddress | undefined {
  const bytes = new Uint8Array(28);
  const level = from.address.includes(":") ? SOL_IPV6 : SOL_IP;
  const result = symbols.getsockopt(fd, level, SO_ORIGINAL_DST, bytes, numberOf(bytes.length));
  return result === 0 ? readSocketAddress(bytes) : undefined;
}

/** Returns a socket that connects to an address. Once it is writable, `connectError` returns the result. */
export function startConnect(to: SocketAddress, mark: number): number {
  const address = writeSocketAddress(to);
  const fd = checked("socket", symbols.socket(to.address.includes(":") ? AF_INET6 : AF_INET, kind, 0));
  try {
    setOption(fd, SOL_SOCKET, SO_MARK, numberOf(mark));
    if (symbols.connect(fd, address, address.length) !== 0 && errno() !== EINPROGRESS) {
      throw new SocketError("connect", errno());
    }
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Returns the error of a connect, if any. */
export function connectError(fd: number): SocketError | undefined {
  const value = numberOf(0);
  checked("getsockopt", symbols.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, numberOf(4)));
  const number = new DataView(value.buffer).getInt32(0, true);
  return number === 0 ? undefined : new SocketError("connect", number);
}

/** Disables Nagle's algorithm, and enables keepalive, which detects a vanished peer after some minutes. */
export function tune(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, numberOf(1));
  setOption(fd, SOL_SOCKET, SO_KEEPALIVE, numberOf(1));
  setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, numberOf(60));
}

/** Reads available bytes. Returns their number, 0 at the end, or the negative number of an error. */
export function receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  const count = Number(symbols.recv(fd, buffer, BigInt(buffer.length), 0));
  return count >= 0 ? count : -errno();
}

/** Writes as many bytes as the socket takes. Returns their number, or the negative number of an error. */
export function transmit(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  const count = Number(symbols.send(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL));
  return count >= 0 ? count : -errno();
}

export const shutdownWriting = (fd: number): void => void symbols.shutdown(fd, SHUT_WR);

/** Closes a connection by a reset. */
export function closeWithReset(fd: number): void {
  const onZero = new Uint8Array(new Int32Array([1, 0]).buffer);
  symbols.setsockopt(fd, SOL_SOCKET, SO_LINGER, onZero, onZero.length);
  close(fd);
}

export const EPOLLIN = 0x1, EPOLLOUT = 0x4, EPOLLERR = 0x8, EPOLLHUP = 0x10, EPOLLRDHUP = 0x2000;
const EPOLLET = 0x80000000;
const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2;
/** struct epoll_event is packed on x86-64 only. */
const eventBytes = Deno.build.arch === "x86_64" ? 12 : 16, dataAt = eventBytes - 8;
const eventsAtOnce = 256;

/** Waits for many descriptors at once, see epoll(7); edge-triggered. */
export class Epoll {
  readonly #fd = checked("epoll_create1", symbols.epoll_create1(O_CLOEXEC));
  readonly #events = new Uint8Array(eventBytes * eventsAtOnce);
  readonly #view = new DataView(this.#events.buffer);

  add(fd: number): void {
    const event = new Uint8Array(eventBytes), view = new DataView(event.buffer);
    view.setUint32(0, (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) >>> 0, true);
    view.setInt32(dataAt, fd, true);
    checked("epoll_ctl", symbols.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, event));
  }

  remove(fd: number): void {
    symbols.epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, new Uint8Array(eventBytes));
  }

  /** Returns the events that are available now. */
  changed(): { fd: number; events: number }[] {
    return this.#read(symbols.epoll_pwait(this.#fd, this.#events, eventsAtOnce, 0, null));
  }

  /** Returns the next events, after at most `timeoutMs` milliseconds. */
  async wait(timeoutMs: number): Promise<{ fd: number; events: number }[]> {
    return this.#read(await symbols.epoll_wait(this.#fd, this.#events, eventsAtOnce, timeoutMs));
  }

  #read(count: number): { fd: number; events: number }[] {
    return Array.from({ length: Math.max(0, count) }, (_, index) => ({
      fd: this.#view.getInt32(index * eventBytes + dataAt, true),
      events: this.#view.getUint32(index * eventBytes, true),
    }));
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** Reads a table of iptables from the kernel for one address family; throws SocketError when it cannot be read. */
export function readLegacyTable(family: number, name: string): LegacyTable {
  const fd = checked("socket", symbols.socket(family, kind, 0)), level = family === AF_INET ? SOL_IP : SOL_IPV6;
  try {
    const info = new Uint8Array(infoLength), length = numberOf(info.length);
    new TextEncoder().encodeInto(name, info);
    checked("getsockopt", symbols.getsockopt(fd, level, IPT_SO_GET_INFO, info, length));
    const size = info.subarray(infoSizeAt, infoSizeAt + 4);
    const all = new Uint8Array(ENTRIES_HEAD + new DataView(info.buffer).getUint32(infoSizeAt, true));
    new TextEncoder().encodeInto(name, all);
    all.set(size, TABLE_NAME);
    checked("getsockopt", symbols.getsockopt(fd, level, IPT_SO_GET_ENTRIES, all, numberOf(all.length)));
    return { info, entries: all.subarray(ENTRIES_HEAD) };
  } finally {
    close(fd);
  }
}
