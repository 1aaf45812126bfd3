import { ScopeError } from "../errors.ts";
import type { ManagerConnection } from "../manager/client.ts";
import { connect } from "../manager/client.ts";
import type { GlobalOptions } from "../options.ts";
import { version } from "../version.ts";
import type { Reached } from "../ways/reached.ts";

interface ConnectContext {
  options: GlobalOptions;
  signal: AbortSignal;
}

/** Connects to the manager behind a passage. One that was made for this and does not answer is removed. */
export async function connectTo(
  context: ConnectContext,
  passage: Reached,
): Promise<ManagerConnection> {
  const connection = connect(passage.stream);
  try {
    context.signal.throwIfAborted();
    // One that was found has been greeted by whoever started it: one round trip less.
    if (!passage.found) await greet(connection, passage, context);
    return connection;
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    if (passage.created) await passage.remove?.().catch(() => {});
    throw error;
  }
}

/** Makes sure that a manager of this version answers. Throws ScopeError. */
export async function greet(
  { calls, lost }: ManagerConnection,
  { place, whyEnded }: Reached,
  { options, signal }: ConnectContext,
) {
  const limit = AbortSignal.any([signal, lost, AbortSignal.timeout(options.timeoutMs)]);
  const info = await calls.info({}, { signal: limit }).catch(async (error: unknown) => {
    if (signal.aborted) throw signal.reason;
    // What the exec ended with, as where the image has no socat.
    const reason = lost.aborted && lost.reason instanceof ScopeError ? lost.reason : undefined;
    if (reason?.kind === "denied") throw reason;
    const why = lost.aborted ? await whyEnded() : undefined;
    if (why instanceof ScopeError) throw why;
    throw new ScopeError("unreachable", `The manager in ${place} does not answer`, {
      cause: error,
      hint: why ?? reason?.hint ?? "scope cleanup removes it, and the next command starts a new one",
    });
  });
  if (info.version === version) return;
  throw new ScopeError("unreachable", `The manager in ${place} is version ${info.version}, this is ${version}`, {
    hint: "give the --image of this version",
  });
}

/** How long a manager may take to answer that it ends, in milliseconds. */
const endMs = 2000;

/** Asks the manager behind a stream to end unless it has other clients; returns whether it does. */
export async function askToEnd(stream: Reached["stream"]): Promise<boolean> {
  await using connection = connect(stream);
  const { ending } = await connection.calls.shutdown({}, { timeoutMs: endMs, signal: connection.lost });
  return ending;
}
