import { Buffer } from "node:buffer";
import { Duplex, PassThrough } from "node:stream";
import { setImmediate } from "node:timers";
import { defined } from "../lib/defined.ts";
import type { Access } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import { execRights } from "../rights/rights.ts";
import { missingOf } from "./access.ts";
import type { ExecSocket, ExecStatus } from "./rest.ts";
import type { Cluster } from "./cluster.ts";
import type { Repeat } from "./retry.ts";
import { translate } from "./translate.ts";

export interface ExecOptions {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  /** Failures after which exec is tried again. */
  repeat?: Repeat;
  /** The stream fails also when the connection ends without the command's exit. Default: false. */
  whole?: boolean;
}

/** Bytes that wait for the reader of a `whole` stream before the command has to wait, or for the network before a writer has to. */
const bulkBytes = 1024 * 1024;
/** Interval between looks whether the network has taken them, in milliseconds. */
const sendMs = 2;

/**
 * Runs a command in a container and returns its standard input and output as one stream. When the command fails, the stream
 * ends with an error that contains the command's stderr. Destroying the stream ends the command's input.
 *
 * Throws ScopeError when the command cannot be started.
 */
export async function execStream(
  cluster: Cluster,
  { namespace, pod, container, command, repeat = "refused", whole = false }: ExecOptions,
): Promise<Duplex> {
  const rights = execRights(namespace, pod);
  const input = new PassThrough(), output = new PassThrough(), errors = new PassThrough();
  let stderr = "";
  errors.on("data", (bytes: Uint8Array) => stderr = (stderr + new TextDecoder().decode(bytes)).slice(-2000));
  let socket: ExecSocket | undefined;
  const whenSent = (done: () => void) => {
    if ((socket?.bufferedAmount ?? 0) <= bulkBytes || stream.destroyed) setImmediate(done);
    else setTimeout(whenSent, sendMs, done);
  };
  const stream: Duplex = new Duplex({
    ...whole ? { readableHighWaterMark: bulkBytes } : {},
    read() {
      output.resume();
      socket?.resume();
    },
    writev(chunks, done) {
      // Combine waiting chunks: each message costs the API server and the kubelet more than its bytes.
      const bytes = chunks.length === 1 ? chunks[0]!.chunk : Buffer.concat(chunks.map(({ chunk }) => chunk));
      input.write(bytes, () => whenSent(done));
    },
    final: (done) => void input.end(done),
    destroy(error, done) {
      socket?.close();
      done(error);
    },
  });
  output.on("data", (chunk) => {
    if (stream.push(chunk)) return;
    output.pause();
    socket?.pause();
  });
  output.on("end", () => stream.push(null));
  const onStatus = (status: ExecStatus) => {
    if (status.status === "Success") return void output.end();
    stream.destroy(lost(stderr.trim() || status.message || "no reason was given"));
  };
  const lost = (hint: string) =>
    new ScopeError("unreachable", `Lost the connection to "${namespace}/${pod}"`, { hint });
  const open = () => {
    const opened = cluster.exec({ namespace, pod, container, command, input, output, errors, onStatus });
    // Close a websocket that opens after the caller gave up.
    opened.then((socket) => stream.destroyed && socket.close(), () => {});
    return opened;
  };
  try {
    socket = await cluster.call(`connect to "${namespace}/${pod}"`, open, { rights, repeat });
    socket.on("close", () => {
      if (!whole) return void output.end();
      // After the command's exit the output ends by itself.
      if (!output.writableEnded) stream.destroy(lost("its exit was not told"));
    });
    socket.on("error", (error: Error) => stream.destroy(translate(`reach "${namespace}/${pod}"`, error)));
    return stream;
  } catch (error) {
    stream.destroy();
    throw await withMissingRights(cluster, error, rights);
  }
}

/** Adds the missing rights to the error of a refused websocket, which does not name them: asks the API server. */
async function withMissingRights(cluster: Cluster, error: unknown, rights: readonly Access[]): Promise<unknown> {
  if (!(error instanceof ScopeError) || error.missing === undefined) return error;
  const missing = await missingOf(cluster, rights);
  if (missing.length === 0) return error;
  const { kind, why, task, cause } = error;
  return new ScopeError(kind, why, { ...defined({ task }), cause, missing });
}
