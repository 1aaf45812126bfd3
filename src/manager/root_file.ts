import { cString, libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";

const SYS_openat2 = 437n;
/** openat2(2): `..` and absolute symlinks stay below the folder, and the magic links of /proc are refused. */
const RESOLVE_IN_ROOT = 0x10n;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const O_PATH = 0o10000000;

/**
 * Reads a small file of a process's root, for example `/etc/hosts`, with every symlink resolved inside that root: the
 * target's image is hostile, and its `/etc/hosts` may point at a file of the debug pod.
 *
 * Returns nothing where there is no such file, or where it is no file. At most `limit` bytes are read.
 * See openat2(2), Linux 5.6.
 */
export function readInRoot(pid: number, path: string, limit = 256 * 1024): Uint8Array<ArrayBuffer> | undefined {
  const root = libc.open(cString(`/proc/${pid}/root`), O_PATH | O_CLOEXEC);
  if (root < 0) return undefined;
  try {
    // Found first and opened only when it is a file: opening is an act for some devices, a watchdog's above all.
    const how = new BigUint64Array([BigInt(O_PATH | O_CLOEXEC), 0n, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS]);
    const found = Number(libc.syscall(SYS_openat2, BigInt(root), cString(path), new Uint8Array(how.buffer), 24n));
    if (found < 0) return undefined;
    try {
      return Deno.statSync(`/proc/self/fd/${found}`).isFile ? readFile(`/proc/self/fd/${found}`, limit) : undefined;
    } finally {
      libc.close(found);
    }
  } finally {
    libc.close(root);
  }
}

function readFile(path: string, limit: number): Uint8Array<ArrayBuffer> | undefined {
  const file = libc.open(cString(path), O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return undefined;
  try {
    return readAll(file, limit);
  } finally {
    libc.close(file);
  }
}

function readAll(file: number, limit: number): Uint8Array<ArrayBuffer> | undefined {
  const buffer = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const count = Number(libc.read(file, buffer.subarray(length), BigInt(limit - length)));
    if (count < 0) return undefined;
    if (count === 0) break;
    length += count;
  }
  return buffer.slice(0, length);
}
