const { symbols } = Deno.dlopen("libc.so.6", { __errno_location: { parameters: [], result: "pointer" } });

const location = new Deno.UnsafePointerView(symbols.__errno_location()!);

/** Returns the error number of the last C library call on this thread, see errno(3). */
export function errno(): number {
  return location.getInt32();
}
