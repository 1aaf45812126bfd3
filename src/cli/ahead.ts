import { parse } from "../app.ts";
import { type ContextOptions, loadCluster, preloadFor } from "../kube/cluster.ts";
import type { ManagerPlace } from "../connect/last_place.ts";
import { keepConnection, keptPlace } from "../connect/kept_connection.ts";
import { openManager } from "../connect/starting_manager.ts";
import { defined } from "../lib/defined.ts";
import { delay } from "../lib/delay.ts";
import { type UserProcess, workFor } from "../terminal/user_process.ts";
import type { LastUse } from "./last_use.ts";
import { main } from "./main.ts";

/**
 * Time before a worker connects, in milliseconds. A command that comes sooner is one of many in a script, each of which may be
 * for another pod: connections for the next one would mostly be for nothing.
 */
const restMs = 1000;
/** Interval at which the API server is asked something, so that the connection stays, in milliseconds. */
const askMs = 30_000;

/** Preparation for a command that has not come yet. */
export interface Prepared {
  /** The manager that it is connected to, as `NAMESPACE/POD/CONTAINER`. */
  manager(): string | undefined;
  /** A command has come, or nobody waits for one any more. */
  end(): void;
}

/** Loads what most commands need, and connects to what the last command used. */
export async function prepare({ kubeconfig, context, place }: LastUse): Promise<Prepared> {
  const env = Deno.env.toObject(), options = { ...defined({ kubeconfig, context }), env };
  const needed = [import("./text.ts"), import("../connect/enter_target.ts")] as const;
  const [isPlain] = await Promise.all([preloadFor(options), ...needed]);
  parse(["pids"], { out() {}, err() {} }); // the second time takes half as long
  const ended = new AbortController();
  // Plugins are asked for commands only; without a connection, the command makes its own.
  if (isPlain) void connectAhead(options, place, ended.signal).catch(() => {});
  return { manager: keptPlace, end: () => ended.abort() };
}

async function connectAhead(
  options: ContextOptions,
  place: ManagerPlace | undefined,
  signal: AbortSignal,
): Promise<void> {
  await delay(restMs, signal);
  if (signal.aborted) return;
  const cluster = loadCluster({ ...options, timeoutMs: 10_000, notice() {}, signal: new AbortController().signal });
  if (place !== undefined) keepConnection(cluster, place, () => openManager(cluster, place));
  while (!signal.aborted) {
    await cluster.request("ask for the version", { method: "GET", path: "/version" });
    await delay(askMs, signal);
  }
}

/** Runs the command line of another process. */
export async function run(process: UserProcess): Promise<number> {
  workFor(process);
  if (process.args[0] !== "complete" || process.args[1] !== "--") return await main(process.args);
  return await (await import("./complete.ts")).complete(process.args.slice(2));
}
