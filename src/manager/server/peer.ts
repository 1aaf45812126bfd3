const { symbols: { getsockopt } } = Deno.dlopen("libc.so.6", {
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
});

/** Numbers of sys/socket.h, equal on x86-64 and arm64. */
const SOL_SOCKET = 1, SO_PEERCRED = 17;

/**
 * Returns true when the peer of a unix socket is a process of this container, that is of the same mount namespace, as
 * processes started by `exec` are. All containers of a pod may share the socket's directory, and another container may run
 * as the same user. A process of another pid namespace has no pid here, see SO_PEERCRED in unix(7).
 */
export function isOfOwnContainer(socket: unknown): boolean {
  const fd = (socket as { _handle?: { fd?: number } } | undefined)?._handle?.fd ?? -1;
  const credentials = new Int32Array(3), length = new Uint32Array([credentials.byteLength]);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, bytesOf(credentials), bytesOf(length)) !== 0) return false;
  const [pid = 0] = credentials;
  return pid > 0 && mountNamespace(pid) === mountNamespace("self");
}

function bytesOf({ buffer }: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

/** Returns undefined for a process that has ended or whose links this manager may not read. */
function mountNamespace(pid: number | "self"): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}
