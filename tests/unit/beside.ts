import { Channel } from "../../src/channel.ts";
import type { Beside, Run, RunOptions } from "../../src/context.ts";
import type { Event } from "../../src/event.ts";
import type { Target } from "../../src/target.ts";
import type { ToolExit } from "../../src/tool.ts";

const container = { name: "app", id: "a".repeat(64) };

export const target: Target = {
  namespace: "shop",
  pod: "web",
  uid: "f2c4",
  node: "node1",
  ips: ["10.0.0.1"],
  hostNetwork: false,
  container,
  containers: [container],
};

/** A place beside a target where the test itself is the program. */
export function besideOf(processes: Event[] = []) {
  const lost = new AbortController(), output = new Channel<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>();
  const exit = Promise.withResolvers<ToolExit>();
  exit.promise.catch(() => {});
  const seen = { options: undefined as RunOptions | undefined, signals: [] as string[], disposed: false };
  const run: Run = {
    output: (async function* () {
      yield* output;
      await exit.promise;
    })(),
    exit: exit.promise,
    write: () => Promise.resolve(),
    endInput() {},
    signal: (name) => void seen.signals.push(name),
    resize() {},
  };
  const beside: Beside = {
    target,
    lost: lost.signal,
    run(options) {
      seen.options = options;
      return run;
    },
    processes: () => Promise.resolve(processes),
    [Symbol.asyncDispose]() {
      seen.disposed = true;
      return Promise.resolve();
    },
  };
  return {
    beside,
    seen,
    run,
    /** The program prints. */
    print: (stream: "stdout" | "stderr", bytes: Uint8Array | string) =>
      output.push({ stream, bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes }),
    /** The program ends. */
    end(code: number) {
      exit.resolve({ code });
      output.close();
    },
    /** The connection breaks. */
    breakOff(error: unknown) {
      exit.reject(error);
      output.close();
    },
    /** The cluster says that the target is gone. */
    lose: (error: unknown) => lost.abort(error),
  };
}
