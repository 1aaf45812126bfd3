import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { ManagerConnection } from "../manager/client/connection.ts";
import { answerMs, connect, Unanswered } from "../manager/client/connection.ts";
import type { GlobalOptions } from "../options.ts";
import { version } from "../version.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";

interface ConnectContext {
  options: GlobalOptions;
  signal: AbortSignal;
}

/** Connects to the manager of an endpoint. Removes a manager that was created for this call and does not answer. */
export async function connectTo(
  context: ConnectContext,
  endpoint: ManagerEndpoint,
): Promise<ManagerConnection> {
  const { timeoutMs } = context.options;
  // A new manager gets the full timeout: it may start slowly where CPU time is short.
  const connection = connect(endpoint.stream, endpoint.found ? Math.min(timeoutMs, answerMs) : timeoutMs);
  try {
    context.signal.throwIfAborted();
    // Skip the version check of a found manager: its creator has done it. Saves one round trip.
    if (!endpoint.found) await greet(connection, endpoint, context);
    return connection;
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    if (endpoint.created) await endpoint.remove?.().catch(() => {});
    throw error;
  }
}

/** Interval at which the cluster is asked whether a silent manager has ended, in milliseconds. */
const askMs = 2000;

/** Makes sure that a manager of this version answers. Throws ScopeError. */
export async function greet(
  { calls, lost }: ManagerConnection,
  { place, whyEnded }: ManagerEndpoint,
  { options, signal }: ConnectContext,
) {
  const timeout = AbortSignal.timeout(options.timeoutMs), ended = new AbortController();
  const limit = AbortSignal.any([signal, lost, timeout, ended.signal]);
  const info = calls.info({}, { signal: limit }).catch(async (error: unknown) => {
    if (signal.aborted) throw signal.reason;
    // The error of the exec, for example when the image has no socat.
    const reason = lost.aborted && lost.reason instanceof ScopeError ? lost.reason : undefined;
    if (reason?.kind === "denied") throw reason;
    const why = ended.signal.aborted ? ended.signal.reason : lost.aborted ? await whyEnded() : undefined;
    if (why instanceof ScopeError) throw why;
    const cause = lost.aborted ? lost.reason : timeout.aborted ? new Unanswered(options.timeoutMs, false) : error;
    throw unanswered(place, cause, why ?? reason?.hint);
  });
  const answered = new AbortController();
  // The bridge may outlive the container, still retrying a socket that never appears.
  void askWhyEnded(whyEnded, AbortSignal.any([limit, answered.signal])).then((why) => {
    if (why !== undefined) ended.abort(why);
  });
  const { version: found } = await info.finally(() => answered.abort());
  if (found === version) return;
  throw new ScopeError("unreachable", `The manager in ${place} is version ${found}, this is ${version}`, {
    hint: "give the --image of this version",
  });
}

/** Polls until `signal` why a silent manager has ended; undefined when it has not. */
async function askWhyEnded(whyEnded: ManagerEndpoint["whyEnded"], signal: AbortSignal) {
  for (;;) {
    await delay(askMs, signal);
    if (signal.aborted) return undefined;
    const why = await whyEnded();
    if (why !== undefined) return why;
  }
}

/** Returns the error for a manager that has never answered; `why` is the reason that the cluster gives. */
export function unanswered(place: string, cause: unknown, why?: string): ScopeError {
  const what = cause instanceof Unanswered ? `did not answer within ${cause.silentMs / 1000} s` : "does not answer";
  return new ScopeError("unreachable", `The manager in ${place} ${what}`, {
    cause,
    hint: why ??
      "it may be stopped, or its node too busy; scope cleanup removes it, and the next command starts a new one",
  });
}

/** Limit for a manager's answer to a shutdown request, in milliseconds. */
const endMs = 2000;

/** Asks the manager behind a stream to end unless it has other clients; returns whether it does. */
export async function askToEnd(stream: ManagerEndpoint["stream"]): Promise<boolean> {
  await using connection = connect(stream);
  const { ending } = await connection.calls.shutdown({}, { timeoutMs: endMs, signal: connection.lost });
  return ending;
}
