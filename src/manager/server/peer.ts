const { symbols: { getsockopt } } = Deno.dlopen("libc.so.6", {
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
});

/** sys/socket.h; the same on x86-64 and arm64. */
const SOL_SOCKET = 1, SO_PEERCRED = 17;

/**
 * Whether the other end of a unix socket was connected by a process of this very container, as what `exec` starts here:
 * one with the same mount namespace. The socket's directory may be one that all containers of a pod share, and the user of
 * another container may be the same. A process of another pid namespace has no pid here, see SO_PEERCRED in unix(7).
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

/** Undefined for a process that has ended, or may not be looked at. */
function mountNamespace(pid: number | "self"): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}
