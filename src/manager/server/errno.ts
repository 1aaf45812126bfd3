const { symbols } = Deno.dlopen("libc.so.6", { __errno_location: { parameters: [], result: "pointer" } });

const location = new Deno.UnsafePointerView(symbols.__errno_location()!);

/** The number of the error that the last call of the C library on this thread ended with, see errno(3). */
export function errno(): number {
  return location.getInt32();
}
