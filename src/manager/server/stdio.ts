/**
 * Joins this process's standard input and output to a unix socket. Resolves when either side has ended: then nobody can
 * come again.
 */
export async function joinStdio(socketPath: string): Promise<void> {
  const socket = await Deno.connect({ transport: "unix", path: socketPath });
  await Promise.race([
    Deno.stdin.readable.pipeTo(socket.writable),
    socket.readable.pipeTo(Deno.stdout.writable),
  ]).catch(() => {}); // the other side is gone: an end as any other
}
