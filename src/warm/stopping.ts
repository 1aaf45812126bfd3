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
    const script = `while kill -0 ${this.program} 2>/dev/null; do sleep 1; done; kill -CONT ${Deno.pid}`;
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    new Deno.Command("/bin/sh", { args: ["-c", script], ...silent }).spawn().unref();
  }
}
