/** C library calls on descriptors, so that no path is resolved twice. Numbers are those of x86-64 and arm64. */
import { errno } from "../errno.ts";
import { FileError } from "../../protocol/file_error.ts";
import { cBytes } from "./names.ts";
import type { Name } from "./names.ts";

const { symbols } = Deno.dlopen("libc.so.6", {
  syscall: { parameters: ["i64", "i64", "buffer", "buffer", "i64"], result: "i64" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "isize" },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
});

/** Returns the result of a call, or throws the FileError of its errno. */
function checked(result: number | bigint): number {
  if (result >= 0) return Number(result);
  throw FileError.ofNumber(errno());
}

/** fcntl.h */
export const O_RDONLY = 0;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
/** These two have other numbers on arm64. */
export const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;
export const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;

/** openat2(2) */
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;

const SYS_openat2 = 437n;
/** Limit of the attempts to resolve a path with `..`, which starts again whenever a directory is renamed meanwhile. */
const attempts = 200;

/** Opens a path below a directory, see openat2(2), Linux 5.6. Throws FileError. */
export function openat2(directory: number, path: Name, flags: number, resolve: number, mode = 0): number {
  const how = new Uint8Array(new BigUint64Array([BigInt(flags | O_CLOEXEC), BigInt(mode), BigInt(resolve)]).buffer);
  for (let attempt = 1;; attempt++) {
    try {
      return checked(symbols.syscall(SYS_openat2, BigInt(directory), cBytes(path), how, 24n));
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== "EAGAIN" || attempt >= attempts) throw error;
    }
  }
}

/** Opens the file of a descriptor once more, with other flags. */
export const reopen = (fd: number, flags: number): number =>
  checked(symbols.open(cBytes(`/proc/self/fd/${fd}`), flags | O_CLOEXEC));
/** Opens a path in this program's own file system. */
export const openOwn = (path: string, flags: number): number => checked(symbols.open(cBytes(path), flags | O_CLOEXEC));
export const close = (fd: number): void => void symbols.close(fd);
export const mkdirat = (directory: number, name: Name, mode: number): void =>
  void checked(symbols.mkdirat(directory, cBytes(name), mode));
export const symlinkat = (to: Name, directory: number, name: Name): void =>
  void checked(symbols.symlinkat(cBytes(to), directory, cBytes(name)));
/** Renames an entry, never one that may be a mount point of the target: see mount_point.ts. */
export const renameat = (directory: number, from: Name, to: Name): void =>
  void checked(symbols.renameat(directory, cBytes(from), directory, cBytes(to)));
/** Removes an entry, never one that may be a mount point of the target: see mount_point.ts. */
export const unlinkat = (directory: number, name: Name): void =>
  void checked(symbols.unlinkat(directory, cBytes(name), 0));
export const fchown = (fd: number, uid: number, gid: number): void => void checked(symbols.fchown(fd, uid, gid));
/** Changes the owner of a symlink itself. */
export const lchownat = (directory: number, name: Name, uid: number, gid: number): void =>
  void checked(symbols.fchownat(directory, cBytes(name), uid, gid, AT_SYMLINK_NOFOLLOW));
export const fchmod = (fd: number, mode: number): void => void checked(symbols.fchmod(fd, mode));
export const ftruncate = (fd: number, size: number): void => void checked(symbols.ftruncate(fd, BigInt(size)));

/** Sets the modification time, and the access time to the same. */
export function futimens(fd: number, modifiedNs: bigint): void {
  const seconds = modifiedNs / 1_000_000_000n, nanoseconds = modifiedNs % 1_000_000_000n;
  const floor = nanoseconds < 0n ? [seconds - 1n, nanoseconds + 1_000_000_000n] : [seconds, nanoseconds];
  checked(symbols.futimens(fd, new Uint8Array(new BigInt64Array([...floor, ...floor]).buffer)));
}

const LOCK_EX_NB = 2 | 4;
/** Locks a file against other copies until it is closed. Returns false when another one has the lock. */
export const lock = (fd: number): boolean => symbols.flock(fd, LOCK_EX_NB) === 0;

export function readlinkat(directory: number, name: Name): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(4096);
  return buffer.slice(0, checked(symbols.readlinkat(directory, cBytes(name), buffer, BigInt(buffer.length))));
}

/** Returns an extended attribute of the file of a descriptor. Throws FileError, ENODATA where there is no such attribute. */
export function getxattr(fd: number, name: string): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(4096), path = cBytes(`/proc/self/fd/${fd}`);
  return buffer.slice(0, checked(symbols.getxattr(path, cBytes(name), buffer, BigInt(buffer.length))));
}

const SEEK_DATA = 3, SEEK_HOLE = 4;

/**
 * Returns the start and end of the next data at or after this offset, or undefined when only a hole follows. See lseek(2).
 */
export function nextData(fd: number, offset: number): { start: number; end: number } | undefined {
  try {
    const start = checked(symbols.lseek(fd, BigInt(offset), SEEK_DATA));
    return { start, end: checked(symbols.lseek(fd, BigInt(start), SEEK_HOLE)) };
  } catch (error) {
    if (error instanceof FileError && error.code === "ENXIO") return undefined;
    if (error instanceof FileError && error.code === "EINVAL") return { start: offset, end: Infinity };
    throw error;
  }
}

/** Returns the file system of a descriptor, see statfs(2). */
function statFileSystem(fd: number): DataView {
  const buffer = new Uint8Array(256);
  checked(symbols.fstatfs(fd, buffer));
  return new DataView(buffer.buffer);
}

/** Returns the type of the file system of a descriptor. */
export const fileSystemType = (fd: number): number => Number(statFileSystem(fd).getBigInt64(0, true)) >>> 0;

/** Returns the space that an unprivileged user may still fill on the file system of a descriptor, in bytes. */
export function freeBytes(fd: number): number {
  const view = statFileSystem(fd);
  return Number(view.getBigUint64(32, true) * view.getBigInt64(8, true));
}

const FALLOC_FL_KEEP_SIZE = 1;

/**
 * Reserves disk space for the first bytes of a file, without changing its size or content. Throws FileError: EOPNOTSUPP
 * where the file system cannot reserve, ENOSPC or EDQUOT where there is no space. See fallocate(2).
 */
export const reserve = (fd: number, bytes: number): void =>
  void checked(symbols.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0n, BigInt(bytes)));

const MFD_CLOEXEC = 1;
/** Opens a file in memory, without a name, see memfd_create(2). */
export const openMemory = (): number => checked(symbols.memfd_create(cBytes("scope"), MFD_CLOEXEC));

const AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff, STATX_MNT_ID = 0x1000, STATX_ATTR_MOUNT_ROOT = 0x2000n;
const statBuffer = new Uint8Array(256), statView = new DataView(statBuffer.buffer);

export interface Stat {
  /** Permissions and type of the file, see inode(7). */
  mode: number;
  links: number;
  uid: number;
  gid: number;
  inode: bigint;
  size: number;
  allocatedBytes: number;
  modifiedNs: bigint;
  /** Device numbers of the file system. */
  device: string;
  /** ID of the mount through which the file was reached; 0 before Linux 5.8. */
  mount: bigint;
  /** True for a mount point; undefined before Linux 5.8, where the kernel does not report it. */
  mountPoint: boolean | undefined;
}

/**
 * Returns the status of a name in a directory without following symlinks; without a name, that of the descriptor. See
 * statx(2).
 */
export function statAt(fd: number, name: Name = ""): Stat {
  const flags = AT_SYMLINK_NOFOLLOW | (name === "" ? AT_EMPTY_PATH : 0);
  checked(symbols.statx(fd, cBytes(name), flags, STATX_BASIC_STATS | STATX_MNT_ID, statBuffer));
  const u32 = (at: number) => statView.getUint32(at, true), u64 = (at: number) => statView.getBigUint64(at, true);
  return {
    mode: statView.getUint16(28, true),
    links: u32(16),
    uid: u32(20),
    gid: u32(24),
    inode: u64(32),
    size: Number(u64(40)),
    allocatedBytes: Number(u64(48)) * 512,
    modifiedNs: statView.getBigInt64(112, true) * 1_000_000_000n + BigInt(u32(120)),
    device: `${u32(136)}:${u32(140)}`,
    mount: u64(144),
    mountPoint: u64(56) & STATX_ATTR_MOUNT_ROOT ? (u64(8) & STATX_ATTR_MOUNT_ROOT) !== 0n : undefined,
  };
}

/** Reads the next entries of a directory in the format of getdents64(2). Returns the bytes read, 0 at the end. */
export function getdents(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return checked(symbols.getdents64(fd, buffer, BigInt(buffer.length)));
}

/** Reads at an offset. Returns the bytes read, 0 at the end. */
export function pread(fd: number, buffer: Uint8Array<ArrayBuffer>, offset: number): number {
  return checked(symbols.pread(fd, buffer, BigInt(buffer.length), BigInt(offset)));
}

/** Writes all bytes at an offset. */
export function pwrite(fd: number, bytes: Uint8Array<ArrayBuffer>, offset: number): void {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.subarray(done);
    done += checked(symbols.pwrite(fd, rest, BigInt(rest.length), BigInt(offset + done)));
  }
}
