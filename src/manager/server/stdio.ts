/**
 * Connects this process's standard input and output to a unix socket. Resolves when either side has ended, because there is
 * no second client.
 */
export async function joinStdio(socketPath: string): Promise<void> {
  const socket = await Deno.connect({ transport: "unix", path: socketPath });
  await Promise.race([
    Deno.stdin.readable.pipeTo(socket.writable),
    socket.readable.pipeTo(Deno.stdout.writable),
  ]).catch(() => {}); // the peer has closed the connection, which is a normal end
}
