import { fchmod, getxattr, statAt } from "./calls.ts";
import type { Stat } from "./calls.ts";
import type { Descriptor } from "./descriptor.ts";
import { FileError } from "../../protocol/file_error.ts";

/** Attributes of a process that determine owner and mode of the files it creates, see proc_pid_status(5). */
export interface Creator {
  uid: number;
  gid: number;
  umask: number;
}

const S_ISGID = 0o2000;

/**
 * Returns the owner that the creator's own open(2) or mkdir(2) would have given to a file that the manager created in a
 * directory. The group is the directory's if the directory has the set-gid bit, or on file systems that always inherit it.
 */
export function ownerOfNew(
  { uid, gid }: Creator,
  directory: Pick<Stat, "mode">,
  made: Pick<Stat, "gid">,
  manager = Deno.gid() ?? 0,
): { uid: number; gid: number } {
  return { uid, gid: (directory.mode & S_ISGID) !== 0 || made.gid !== manager ? made.gid : gid };
}

/**
 * Returns the permissions that open(2) or mkdir(2) would have given for requested ones: without the bits of the umask, or,
 * if the directory has a default ACL, without the bits that the ACL lacks. See acl(5), and posix_acl_xattr.h of the kernel.
 */
export function modeOfNew(asked: number, { umask }: Pick<Creator, "umask">, acl?: Uint8Array<ArrayBuffer>): number {
  if (acl === undefined) return asked & 0o777 & ~umask;
  const view = new DataView(acl.buffer, acl.byteOffset, acl.byteLength), found = new Map<number, number>();
  for (let at = 4; at + 8 <= view.byteLength; at += 8) {
    const tag = view.getUint16(at, true);
    if (tag in tags) found.set(tag, view.getUint16(at + 2, true));
  }
  const of = (tag: number) => found.get(tag) ?? 0o7;
  const group = found.has(ACL_MASK) ? of(ACL_MASK) : of(ACL_GROUP_OBJ);
  return asked & (of(ACL_USER_OBJ) << 6 | group << 3 | of(ACL_OTHER));
}

const ACL_USER_OBJ = 0x01, ACL_GROUP_OBJ = 0x04, ACL_MASK = 0x10, ACL_OTHER = 0x20;
const tags: Readonly<Record<number, true>> = {
  [ACL_USER_OBJ]: true,
  [ACL_GROUP_OBJ]: true,
  [ACL_MASK]: true,
  [ACL_OTHER]: true,
};

/** Returns the default ACL of a directory, which new entries inherit, or undefined. */
export function defaultAcl(directory: Descriptor): Uint8Array<ArrayBuffer> | undefined {
  try {
    return getxattr(directory.fd, "system.posix_acl_default");
  } catch (error) {
    if (error instanceof FileError && noAcl.includes(error.code)) return undefined;
    throw error;
  }
}

const noAcl = ["ENODATA", "EOPNOTSUPP", "EACCES", "EPERM", "ENOSYS"];

/** Returns the permissions for a new entry of a directory, as modeOfNew() does. */
export function modeIn(directory: Descriptor, asked: number, creator: Creator): number {
  return modeOfNew(asked, creator, defaultAcl(directory));
}

/** Changes an owner. Without the right to do so the owner stays the manager's user, which is then the target's own. */
export function give({ uid, gid }: { uid: number; gid: number }, chown: (uid: number, gid: number) => void): void {
  try {
    chown(uid, gid);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

/** Sets the permissions of an open file or directory. A directory keeps its set-gid bit. */
export function setMode({ fd }: Descriptor, permissions: number): void {
  const { mode } = statAt(fd), now = mode & 0o7777, wanted = permissions | (isDirectory(mode) ? now & S_ISGID : 0);
  // Only if needed: chmod(2) by a user outside the group clears the set-gid bit.
  if (now !== wanted) fchmod(fd, wanted);
}

const isDirectory = (mode: number) => mode >> 12 === 0o04;
