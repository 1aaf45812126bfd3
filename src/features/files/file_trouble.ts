import { defined } from "../../lib/defined.ts";
import { type ErrorKind, ScopeError } from "../../errors.ts";

interface Words {
  kind: ErrorKind;
  reason: string;
  hint?: string;
}

/** Error names and their text for users, see errno(3). From ENOTREG on, all but EILSEQ are scope's own. */
const words: Readonly<Record<string, Words>> = {
  ENOENT: { kind: "notFound", reason: "there is no such file or directory" },
  ENOTDIR: { kind: "notFound", reason: "a part of the path is no directory" },
  EISDIR: { kind: "usage", reason: "it is a directory" },
  EACCES: { kind: "denied", reason: "permission denied" },
  EPERM: { kind: "denied", reason: "the operation is not permitted" },
  EROFS: { kind: "denied", reason: "its file system is read-only" },
  ENOSPC: { kind: "unreachable", reason: "no space is left on the disk", hint: "make room there, then try again" },
  EDQUOT: { kind: "unreachable", reason: "the disk quota is used up", hint: "make room there, then try again" },
  EFBIG: { kind: "unreachable", reason: "the file is too large for its file system" },
  EIO: { kind: "unreachable", reason: "the disk failed" },
  ELOOP: { kind: "denied", reason: "it leads through a symbolic link, which is not followed there" },
  EXDEV: { kind: "denied", reason: "it leads out of the directory" },
  ENAMETOOLONG: { kind: "usage", reason: "the name is too long" },
  EINVAL: { kind: "usage", reason: "the name is not possible there" },
  EEXIST: { kind: "usage", reason: "something else of that name is there" },
  EBUSY: { kind: "unreachable", reason: "something else uses it, maybe another copy", hint: "try again in a moment" },
  ETXTBSY: { kind: "unreachable", reason: "it is a program that runs" },
  EBADF: { kind: "unreachable", reason: "the copy was broken off" },
  ENOTREG: { kind: "usage", reason: "it is a device, a socket or a FIFO, which are never opened" },
  EPSEUDO: { kind: "usage", reason: "it is a file system of the kernel, which is not copied" },
  EKERNEL: {
    kind: "usage",
    reason: "it is on a file system of the kernel, where nothing is written",
    hint: "to change a setting, run what changes it in the target, with scope shell --inside",
  },
  EMOUNT: { kind: "usage", reason: "it is a mount of its own, which cannot be replaced" },
  EMOUNTRO: {
    kind: "denied",
    reason: "it is a mount of its own, and read-only",
    hint: "change what is mounted there: the ConfigMap, the Secret or the volume that the pod's spec names",
  },
  EMOUNTFULL: {
    kind: "unreachable",
    reason: "it is a mount of its own, and no space is left on its disk",
    hint: "make room there, then try again",
  },
  EMOUNTLARGE: {
    kind: "unreachable",
    reason: "it is a mount of its own, larger than 16 MiB, in a directory that cannot be written",
    hint: "write it in the target itself, for example with scope shell --inside",
  },
  EPART: {
    kind: "usage",
    reason: "it has the name of an unfinished copy, and is left out",
    hint: "copy it by itself, or remove it when it is one",
  },
  ECYCLE: { kind: "usage", reason: "it leads back to a directory that it is in" },
  EILSEQ: { kind: "usage", reason: "its name is not UTF-8, and cannot be written here" },
  EBADHASH: { kind: "unreachable", reason: "the bytes that arrived are not those that were sent", hint: "try again" },
  ENOTSAFE: { kind: "denied", reason: "its name would lead out of the destination" },
};

export function wordsOf(code: string): Words {
  return words[code] ?? { kind: "unreachable", reason: `it failed with ${code}` };
}

/** Returns the error of a command that fails on a path, for example `Cannot read "/x" in "shop/web:app": permission denied`. */
export function troubleError(doing: string, path: string, place: string, code: string): ScopeError {
  const { kind, reason, hint } = wordsOf(code);
  const where = place === "" ? "" : ` in "${place}"`;
  return new ScopeError(kind, `Cannot ${doing} "${path}"${where}: ${reason}`, defined({ hint }));
}

/** True if later files of the same copy would fail with this error as well. */
export function isHopeless(code: string): boolean {
  return ["ENOSPC", "EDQUOT", "EROFS", "EIO"].includes(code);
}
