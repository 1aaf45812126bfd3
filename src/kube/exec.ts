import { Buffer } from "node:buffer";
import { Duplex, PassThrough } from "node:stream";
import { setImmediate } from "node:timers";
import { defined } from "../lib/defined.ts";
import type { Access } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import { execRights } from "../rights/rights.ts";
import { missingOf } from "./access.ts";
import type { ExecStatus } from "./rest.ts";
import type { Cluster } from "./cluster.ts";
import type { Repeat } from "./retry.ts";
import { translate } from "./translate.ts";

export interface ExecOptions {
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  /** Failures after which exec is tried again. */
  repeat?: Repeat;
}

/**
 * Runs a command in a container and returns its standard input and output as one stream. When the command fails, the stream
 * ends with an error that contains the command's stderr. Destroying the stream ends the command's input.
 *
 * Throws ScopeError when the command cannot be started.
 */
export async function execStream(
  cluster: Cluster,
  { namespace, pod, container, command, repeat = "refused" }: ExecOptions,
): Promise<Duplex> {
  const rights = execRights(namespace, pod);
  const input = new PassThrough(), output = new PassThrough(), errors = new PassThrough();
  let stderr = "";
  errors.on("data", (bytes: Uint8Array) => stderr = (stderr + new TextDecoder().decode(bytes)).slice(-2000));
  let close = () => {};
  const stream: Duplex = new Duplex({
    read: () => output.resume(),
    writev(chunks, done) {
      // Combine waiting chunks: each message costs the API server and the kubelet more than its bytes.
      input.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), () => setImmediate(done));
    },
    final: (done) => void input.end(done),
    destroy(error, done) {
      close();
      done(error);
    },
  });
  output.on("data", (chunk) => stream.push(chunk) || output.pause());
  const onStatus = (status: ExecStatus) => {
    if (status.status === "Success") return stream.push(null);
    const hint = stderr.trim() || status.message || "no reason was given";
    stream.destroy(new ScopeError("unreachable", `Lost the connection to "${namespace}/${pod}"`, { hint }));
  };
  const open = () => {
    const opened = cluster.exec({ namespace, pod, container, command, input, output, errors, onStatus });
    // Close a websocket that opens after the caller gave up.
    opened.then((socket) => stream.destroyed && socket.close(), () => {});
    return opened;
  };
  try {
    const socket = await cluster.call(`connect to "${namespace}/${pod}"`, open, { rights, repeat });
    close = () => socket.close();
    socket.on("close", () => stream.destroyed || stream.push(null));
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
