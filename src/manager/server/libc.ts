/** The C library calls that Deno has no API for. All numbers are those of Linux on x86-64 and arm64. */
const symbols = Deno.dlopen("libc.so.6", {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write_now: { name: "write", parameters: ["i32", "buffer", "usize"], result: "isize" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  syscall_later: {
    name: "syscall",
    parameters: ["i64", "i64", "buffer", "buffer", "i64"],
    result: "i64",
    nonblocking: true,
  },
  open_later: { name: "open", parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  read_later: { name: "read", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
}).symbols;

export const libc = symbols;

/** fcntl.h */
export const O_RDWR = 0o2;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

/** Returns a text as a C string, with a terminating zero. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Returns the text of a buffer that holds a C string. */
export function fromCString(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return new TextDecoder().decode(buffer.subarray(0, end < 0 ? buffer.length : end));
}
