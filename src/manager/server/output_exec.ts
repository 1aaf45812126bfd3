import { endRun, untilRunEnds } from "./leftovers.ts";
import type { RunId } from "./leftovers.ts";

/**
 * An exec of the client that reads the rest of a program's standard output, from the pipe itself: see OutputExec in
 * manager.proto. Disposing ends it.
 */
export class OutputExec implements AsyncDisposable {
  /** Value of SCOPE_RUN in its environment. */
  readonly mark = crypto.randomUUID();
  /** True once it has opened the pipe. */
  ready = false;
  readonly #id: RunId;

  constructor(
    /** Path of the manager's end of the pipe. */
    readonly path: string,
    /** Time after which it was started, in milliseconds since boot. */
    sinceMs: number,
  ) {
    this.#id = { mark: this.mark, leader: -1, sinceMs };
  }

  /** Resolves when it has read all output and has ended. */
  end(): Promise<void> {
    return untilRunEnds(this.#id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endRun(this.#id);
  }
}

/** Returns the path of this process's end of the pipe that is a child's standard output; undefined when the child has ended. */
export function outputPipe(child: number): string | undefined {
  try {
    const pipe = Deno.readLinkSync(`/proc/${child}/fd/1`);
    const own = [...Deno.readDirSync("/proc/self/fd")].find(({ name }) => linkOf(`/proc/self/fd/${name}`) === pipe);
    return own === undefined ? undefined : `/proc/${Deno.pid}/fd/${own.name}`;
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined; // the descriptor of the listing itself is closed already
  }
}
