import { beatMs } from "./link.ts";
import { Silence } from "./silence.ts";

/** Silence of the program after which its worker stops, too, in milliseconds. */
const silentMs = 3 * beatMs;

/** Stops this process while the program that it works for is stopped. The program's next beat continues it. */
export class Stopping {
  readonly #silence = new Silence(beatMs);
  #isWatched = false;

  constructor(private readonly program: number) {
    setInterval(() => this.#silence.look() > silentMs && this.stop(), beatMs);
  }

  /** Records a sign of life of the program. */
  heard(): void {
    this.#silence.heard();
  }

  /** Stops this process, and returns when it is continued. */
  stop(): void {
    if (!this.#isWatched) this.#watch();
    this.#isWatched = true;
    Deno.kill(Deno.pid, "SIGSTOP");
    this.#silence.heard();
  }

  /** Starts a shell that continues this process when the program has ended: a stopped process does not see that. */
  #watch(): void {
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    new Deno.Command("/bin/sh", { args: ["-c", continuing(this.program, Deno.pid)], ...silent }).spawn().unref();
  }
}

/**
 * Returns a shell's script that continues a worker when its program has ended. Several times, as the worker may stop only then:
 * the program may be killed while the shell starts. Not for ever, as a worker that has ended may be a zombie.
 */
export function continuing(program: number, worker: number): string {
  return `while kill -0 ${program}; do sleep 1; done; for i in 1 2 3 4 5; do kill -CONT ${worker} || break; sleep 1; done`;
}
