import type { Duplex } from "node:stream";
import { onAbort } from "../../lib/on_abort.ts";
import { Wakeup } from "../../lib/wakeup.ts";

/**
 * Runs a command in the manager's container and returns its standard input and output. The stream fails unless the command
 * succeeds.
 */
export type Exec = (command: readonly string[]) => Promise<Duplex>;

/** After less than so many bytes, reading pauses for this long, in milliseconds. */
const gatheredBytes = 256 * 1024, gatherMs = 5;

/**
 * Open the pipe, say so by an empty line, and copy. What comes from a pipe waits for a line of the client. What goes to one keeps
 * its own output open, without which a runtime ends the input; and reads to the end of that also when nobody reads the pipe any
 * more: what an exec leaves unread keeps its connections through the API server, kubelet and runtime open for hours.
 */
const scripts = {
  from: 'exec 3<"$0" && echo && read -r _ && exec cat <&3',
  to: 'exec 3>&1 >"$0" && echo >&3 && { cat; exec cat >/dev/null; }',
};

/**
 * Starts an exec that copies from a pipe of the manager to the client, or to the pipe, see OutputExec and Lane in manager.proto.
 * Resolves when it has opened the pipe; rejects if it cannot. Aborting `signal` ends it.
 */
export async function openPipeExec(
  exec: Exec,
  direction: "from" | "to",
  { path, mark }: { path: string; mark: string },
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = await exec(["env", `SCOPE_RUN=${mark}`, "sh", "-c", scripts[direction], path]);
  onAbort(signal, () => stream.destroy());
  await new Promise<void>((resolve, reject) => {
    stream.once("readable", resolve).once("error", reject).once("close", () => reject(new Error("the exec has ended")));
  });
  stream.on("error", () => {}); // reading reports it
  if (stream.read(1) === null) throw new Error("the exec has ended");
  return stream;
}

/**
 * Lets the exec read, and yields what it prints. Fails when that is not all. Messages of the API server are gathered: each is
 * about 20 KB, and writing it to a file or a pipe costs as much as 500 KB do.
 */
export async function* readPipeExec(stream: Duplex): AsyncGenerator<Uint8Array> {
  const changed = new Wakeup();
  let failure: Error | undefined, whole = false;
  stream.once("error", (error) => failure = error).once("end", () => whole = true);
  for (const event of ["readable", "end", "close"]) stream.on(event, () => changed.wake());
  stream.write("\n");
  while (!whole && !stream.destroyed) {
    const bytes: Uint8Array | null = stream.read(stream.readableLength);
    if (bytes === null) await changed.next;
    else {
      yield bytes;
      if (bytes.length < gatheredBytes) await new Promise((wake) => setTimeout(wake, gatherMs));
    }
  }
  if (!whole) throw failure ?? new Error("the exec has ended");
}
