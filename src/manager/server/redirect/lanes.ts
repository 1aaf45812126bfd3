import { create } from "@bufbuild/protobuf";
import { type Lane, LaneSchema } from "../../protocol/gen/manager_pb.ts";
import type { TunnelStream } from "../../protocol/tunnel/tunnel.ts";
import { endRun, untilRunEnds } from "../leftovers.ts";
import { uptimeMs } from "../processes.ts";
import { Pipe } from "./pipe.ts";

/** Time that execs have to read what is on its way to them, in milliseconds. */
const drainMs = 5000;

/** The lanes of one redirect, see Lane in manager.proto. Disposing ends the execs at their other ends. */
export class Lanes implements AsyncDisposable {
  readonly #mark = crypto.randomUUID();
  /** Time of the first lane, in milliseconds since boot. */
  #sinceMs: number | undefined;
  /** Pipes that no exec has opened yet, by connection and direction. */
  readonly #waiting = new Map<string, Pipe>();

  /** Handles the client's frame for a connection. Returns the answer, if it needs one. */
  handle(stream: TunnelStream, { toPod, ready }: Lane): Lane | undefined {
    const key = keyOf(stream.connection, toPod);
    if (!ready) {
      return create(LaneSchema, { toPod, path: this.#open(stream, key, toPod)?.path ?? "", mark: this.#mark });
    }
    const pipe = this.#waiting.get(key);
    this.#waiting.delete(key);
    pipe?.opened();
    if (!toPod && pipe !== undefined) stream.sendBy(pipe);
    return undefined;
  }

  #open(stream: TunnelStream, key: string, toPod: boolean): Pipe | undefined {
    this.#sinceMs ??= uptimeMs();
    let pipe: Pipe;
    try {
      pipe = new Pipe(toPod ? "reading" : "writing");
    } catch {
      return undefined; // most likely too many open files
    }
    if (toPod && !stream.receiveBy(pipe)) return undefined;
    this.#waiting.get(key)?.close();
    this.#waiting.set(key, pipe);
    return pipe;
  }

  /** The connection has ended. */
  forget(connection: number): void {
    for (const key of [keyOf(connection, true), keyOf(connection, false)]) {
      this.#waiting.get(key)?.close();
      this.#waiting.delete(key);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pipe of this.#waiting.values()) pipe.close();
    this.#waiting.clear();
    if (this.#sinceMs === undefined) return;
    const run = { mark: this.#mark, leader: -1, sinceMs: this.#sinceMs };
    await untilRunEnds(run, drainMs);
    await endRun(run);
  }
}

function keyOf(connection: number, toPod: boolean): string {
  return `${connection} ${toPod ? "to" : "from"} the pod`;
}
