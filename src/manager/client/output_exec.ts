import type { Duplex } from "node:stream";
import { onAbort } from "../../lib/on_abort.ts";
import { Wakeup } from "../../lib/wakeup.ts";

/**
 * Runs a command in the manager's container and returns its standard input and output. The stream fails unless the command
 * succeeds.
 */
export type Exec = (command: readonly string[]) => Promise<Duplex>;

/** Output of so many bytes within so many milliseconds is worth an exec for the rest. */
const bulkBytes = 2 * 1024 * 1024, bulkMs = 1000;

/** Tells much output from output that goes on for long. */
export class Rate {
  #since = -Infinity;
  #bytes = 0;

  /** Counts bytes that have arrived. Returns true if they are many for the time. */
  isBulk(bytes: number, now = performance.now()): boolean {
    if (now - this.#since > bulkMs) {
      this.#since = now;
      this.#bytes = 0;
    }
    return (this.#bytes += bytes) >= bulkBytes;
  }
}

/** After less than so many bytes, reading pauses for this long, in milliseconds. */
const gatheredBytes = 256 * 1024, gatherMs = 5;

/** Opens the pipe, says so by an empty line, and prints what comes out of the pipe once it gets a line itself. */
const script = 'exec 3<"$0" && echo && read -r _ && exec cat <&3';

/**
 * Starts an exec for a program's standard output, see OutputExec in manager.proto. Resolves when it has opened the pipe; rejects
 * if it cannot. Aborting `signal` ends it.
 */
export async function openOutputExec(
  exec: Exec,
  { path, mark }: { path: string; mark: string },
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = await exec(["env", `SCOPE_RUN=${mark}`, "sh", "-c", script, path]);
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
export async function* readOutputExec(stream: Duplex): AsyncIterable<Uint8Array> {
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
