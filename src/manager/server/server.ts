import http2 from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { version } from "../../version.ts";
import { Clients } from "./clients.ts";
import type { Client } from "./clients.ts";
import { FileWorkers } from "./files/file_workers.ts";
import { file_manager, Manager } from "../protocol/gen/manager_pb.ts";
import { file_reflection, ServerReflection } from "../protocol/gen/reflection_pb.ts";
import type { LocalTools } from "./local_argv.ts";
import { isOfOwnContainer } from "./peer.ts";
import { listProcesses } from "./process_list.ts";
import { effectiveCapabilities } from "./processes.ts";
import { bypass } from "./redirect/bypass.ts";
import { redirect } from "./redirect/redirect.ts";
import type { Redirects } from "./redirect/redirect.ts";
import { reflectionOf } from "./reflection.ts";
import { run } from "./run.ts";
import type { Session } from "./run.ts";
import { findPods } from "./runtime_files.ts";
import { windowBytes } from "../protocol/transport.ts";

/** A listening manager. Disposing ends everything that its clients started. */
export interface ManagerServer extends AsyncDisposable {
  readonly clients: Clients;
  /** Resolves when a client asked the manager to end. */
  readonly ended: Promise<void>;
}

/** Time that the answer to a shutdown request has to be sent, in milliseconds. */
const answerMs = 50;

export interface ServeOptions {
  /** Idle time after which the manager ends, as reported to clients. */
  idleSeconds: number;
  /** The manager already shares the network, pid, uts and ipc namespaces of its targets. */
  sharedNamespaces: boolean;
  /** Rejects clients from other containers: see isOfOwnContainer(). Default: false. */
  ownContainerOnly?: boolean;
  /** Tools of a manager that runs on a user's machine; undefined: it runs in the endoscope image. */
  local?: LocalTools;
}

const clientKey = createContextKey<Client | undefined>(undefined, { description: "client" });

/** Serves scope.v1.Manager on a unix socket that only its owner can open. Throws when the socket cannot be created. */
export async function serve(
  socketPath: string,
  { idleSeconds, sharedNamespaces, ownContainerOnly = false, local }: ServeOptions,
): Promise<ManagerServer> {
  const clients = new Clients(), ended = Promise.withResolvers<void>();
  const capabilities = effectiveCapabilities();
  const runs = new Map<string, Session>(), files = new FileWorkers(), redirects: Redirects = new Set();
  const handler = connectNodeAdapter({
    acceptCompression: [],
    contextValues: (request) =>
      createContextValues().set(clientKey, clients.of((request as http2.Http2ServerRequest).stream.session)),
    routes: (router: ConnectRouter) =>
      router.service(Manager, {
        info({ waiting }, context) {
          if (waiting) clientOf(context).wait();
          return { version, pid: Deno.pid, clients: clients.count, runs: runs.size, idleSeconds, capabilities };
        },
        ps: async ({ containers, pids }) => ({ processes: await listProcesses(containers, pids) }),
        findPods: ({ name, namespace }) => findPods(name, namespace),
        shutdown({ force }) {
          if (clients.count > 1 && !force) return { ending: false };
          setTimeout(ended.resolve, answerMs);
          return { ending: true };
        },
        control({ run, action }) {
          const program = runs.get(run)?.program;
          if (action.case === "signal") program?.signal(action.value as Deno.Signal);
          else if (action.case === "resize") program?.resize(action.value);
          if (action.case !== "outputExec") return {};
          const exec = program?.outputExec();
          if (exec !== undefined && action.value.ready) exec.ready = true;
          return exec === undefined ? {} : { path: exec.path, mark: exec.mark };
        },
        run: (requests, context) => run(requests, goneOf(context), runs, sharedNamespaces, local),
        listFiles: (requests, context) => files.call("listFiles", requests, goneOf(context)),
        readFiles: (requests, context) => files.call("readFiles", requests, goneOf(context)),
        writeFiles: (requests, context) => files.call("writeFiles", requests, goneOf(context)),
        findInode: (requests, context) => files.call("findInode", requests, goneOf(context)),
        redirect: (requests, context) =>
          redirect(requests, clientOf(context), goneOf(context), redirects, sharedNamespaces),
        bypass: (requests, context) =>
          bypass(requests, clientOf(context), goneOf(context), redirects, sharedNamespaces),
      }).service(ServerReflection, reflectionOf([file_manager, file_reflection])),
  });
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes } }, handler);
  let session: ServerHttp2Session;
  server.on("session", (opened) => session = opened);
  // Emitted right after "session", and only this event has a socket that may be closed.
  server.on("connection", (socket: ServerHttp2Session["socket"]) => {
    if (ownContainerOnly && !isOfOwnContainer(socket)) return socket.destroy();
    session.setLocalWindowSize(windowBytes);
    clients.join(session, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  await Deno.chmod(socketPath, 0o600);
  return {
    clients,
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      server.close(); // sends GOAWAY to whom it still has, see Client.leave()
      await Promise.all([
        files[Symbol.asyncDispose](),
        ...[...runs.values()].map((run) => run[Symbol.asyncDispose]()),
        ...[...redirects].map((redirect) => redirect.abandon()),
      ]);
    },
  };
}

/** Returns a signal that is aborted when the caller no longer needs the answer. */
function goneOf(context: HandlerContext): AbortSignal {
  return AbortSignal.any([clientOf(context).gone, context.signal]);
}

function clientOf(context: HandlerContext): Client {
  const client = context.values.get(clientKey);
  if (client === undefined) throw new ConnectError("there is no client", Code.Internal);
  return client;
}
