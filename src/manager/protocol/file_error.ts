/** Errors of errno.h that concern files; their numbers are the same on x86-64 and arm64. */
const names: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  40: "ELOOP",
  61: "ENODATA",
  75: "EOVERFLOW",
  95: "EOPNOTSUPP",
  116: "ESTALE",
  122: "EDQUOT",
};

/** The error of one path. `code` is the name of the error, as in FileTrouble. */
export class FileError extends Error {
  constructor(readonly code: string) {
    super(code);
  }

  static ofNumber(number: number): FileError {
    return new FileError(names[number] ?? `error ${number}`);
  }
}

/** Returns the code of a FileError; rethrows any other error. */
export function codeOf(error: unknown): string {
  if (error instanceof FileError) return error.code;
  throw error;
}
