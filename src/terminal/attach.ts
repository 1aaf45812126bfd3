import { onAbort } from "../lib/on_abort.ts";
import type { Run } from "../tool.ts";
import { onResize, rawInput, sayLine, windowSize, writeAllAsync } from "./terminal.ts";
import { userProcess } from "./user_process.ts";

/** Limit for a program to end after SIGTERM or SIGHUP, and for the manager to pass a signal on, in milliseconds. */
const finishMs = 3000;

/**
 * Connects a program with this process's stdin, stdout and stderr and returns its exit code. With a terminal, keys and the
 * window's size are passed on; without one, stdout and stderr stay separate and unchanged.
 */
export async function attach(
  run: Run,
  { terminal, signal }: { terminal: boolean; signal: AbortSignal },
): Promise<number> {
  using _raw = terminal ? rawInput({ signals: false }) : undefined;
  using _resize = terminal ? onResize(() => run.resize(windowSize())) : undefined;
  // A signal for scope is passed on to the program, which may have to finish its work.
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  using _abort = onAbort(signal, () => {
    const name: string = signal.reason?.signal ?? "SIGINT";
    timer = setTimeout(() => late.reject(signal.reason), finishMs);
    const passedOn = run.signal(terminal ? "SIGHUP" : name);
    // Ctrl-C can be pressed again; other signals come only once.
    if (name === "SIGINT") void passedOn.then(() => clearTimeout(timer));
  });
  const input = userProcess().stdin.readable.getReader();
  const ended = new AbortController();
  void feed(run, input, ended.signal);
  try {
    const copy = async () => {
      for await (const { stream, bytes } of run.output) {
        await writeAllAsync(stream === "stdout" ? userProcess().stdout : userProcess().stderr, bytes);
      }
      return (await run.exit).code;
    };
    return await Promise.race([copy(), late.promise]);
  } catch (error) {
    if (terminal) sayLine(""); // the next message does not follow a prompt
    throw error;
  } finally {
    clearTimeout(timer);
    ended.abort();
    input.cancel().catch(() => {});
  }
}

async function feed(run: Run, input: ReadableStreamDefaultReader<Uint8Array>, ended: AbortSignal): Promise<void> {
  try {
    for (let next = await input.read(); !next.done && !ended.aborted; next = await input.read()) {
      await run.write(next.value);
    }
  } catch {
    // No input, or the program is gone, which its output reports.
  } finally {
    run.endInput();
  }
}
