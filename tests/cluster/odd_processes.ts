/** Programs for `deno eval` that bring their process into a rare state, and stay in it. Linux with glibc. */

/** Ends the main thread, while the others continue. */
export const mainThreadLeaves = `
const { syscall } = Deno.dlopen("libc.so.6", { syscall: { parameters: ["i64", "i64"], result: "i64" } }).symbols;
setTimeout(() => syscall(Deno.build.arch === "x86_64" ? 60n : 93n, 0n), 100);
`;

/**
 * Keeps the main thread in state D until another process opens this FIFO: as the parent of vfork(2), whose child waits to
 * open it.
 */
export function waitsInTheKernel(fifo: string): string {
  return `
const { mkfifo, posix_spawn_file_actions_init: init, posix_spawn_file_actions_addopen: addOpen, posix_spawn: spawn } =
  Deno.dlopen("libc.so.6", {
    mkfifo: { parameters: ["buffer", "u32"], result: "i32" },
    posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
    posix_spawn_file_actions_addopen: { parameters: ["buffer", "i32", "buffer", "i32", "u32"], result: "i32" },
    posix_spawn: { parameters: ["buffer", "buffer", "buffer", "pointer", "buffer", "buffer"], result: "i32" },
  }).symbols;
const text = (text) => new TextEncoder().encode(text + "\\0"), actions = new Uint8Array(256), none = new Uint8Array(8);
mkfifo(text("${fifo}"), 0o600); // a program that makes it would be waited for in the same way
init(actions);
addOpen(actions, 0, text("${fifo}"), 0, 0);
spawn(new Uint8Array(4), text("/bin/true"), actions, null, none, none);
setInterval(() => {}, 1000);
`;
}
