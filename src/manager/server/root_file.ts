import { delay } from "../../lib/delay.ts";
import { cString, libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";

const SYS_openat2 = 437n;
/** Flags of openat2(2): `..` and absolute symlinks stay below the directory, and the magic links of /proc are refused. */
const RESOLVE_IN_ROOT = 0x10n;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const O_PATH = 0o10000000;

/**
 * Limit for a file system of a target, in milliseconds: one that hangs must not block a command that works without the file.
 */
const longestMs = 2000;
/** Limit of the processes whose file system hangs now: each of them blocks a thread that others need. */
const mostHung = 8;
const hung = new Set<number>();

/**
 * Reads a small file of a process's root, for example `/etc/hosts`, and resolves every symlink inside that root: the
 * target's image is hostile, and its `/etc/hosts` may point at a file of the debug pod.
 *
 * Resolves to undefined where there is no such file, where it is no regular file, or where its file system does not answer.
 * Reads at most `limit` bytes. See openat2(2), Linux 5.6.
 */
export async function readInRoot(
  pid: number,
  path: string,
  limit = 256 * 1024,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (hung.has(pid) || hung.size >= mostHung) return undefined;
  const ended = new AbortController();
  const reading = readOffThread(pid, path, limit).finally(() => ended.abort());
  const bytes = await Promise.race([reading, delay(longestMs, ended.signal)]);
  if (ended.signal.aborted) return await reading;
  hung.add(pid);
  reading.finally(() => hung.delete(pid)).catch(() => {});
  return bytes;
}

/** Reads the file. Every call that may wait for the file system runs on another thread. */
async function readOffThread(pid: number, path: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const root = libc.open(cString(`/proc/${pid}/root`), O_PATH | O_CLOEXEC);
  if (root < 0) return undefined;
  try {
    // Resolved first and opened only when it is a regular file: opening some devices has an effect, above all a watchdog.
    const how = new BigUint64Array([BigInt(O_PATH | O_CLOEXEC), 0n, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS]);
    const name = cString(path), flags = new Uint8Array(how.buffer);
    const opening = libc.syscall_later(SYS_openat2, BigInt(root), name, flags, 24n);
    const found = Number(await keepingAlive(opening, name, flags));
    if (found < 0) return undefined;
    try {
      const { isFile } = await Deno.stat(`/proc/self/fd/${found}`);
      return isFile ? await readFile(`/proc/self/fd/${found}`, limit) : undefined;
    } finally {
      libc.close(found);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  } finally {
    libc.close(root);
  }
}

async function readFile(path: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const name = cString(path), file = await keepingAlive(libc.open_later(name, O_CLOEXEC | O_NONBLOCK), name);
  if (file < 0) return undefined;
  try {
    return await readAll(file, limit);
  } finally {
    libc.close(file);
  }
}

async function readAll(file: number, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const buffer = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const count = Number(await libc.read_later(file, buffer.subarray(length), BigInt(limit - length)));
    if (count < 0) return undefined;
    if (count === 0) break;
    length += count;
  }
  return buffer.slice(0, length);
}

/** Protects buffers from the garbage collector while another thread reads them. */
async function keepingAlive<T>(call: Promise<T>, ...buffers: Uint8Array[]): Promise<T> {
  try {
    return await call;
  } finally {
    buffers.length = 0;
  }
}
