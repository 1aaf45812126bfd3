/**
 * The manager: `manager [--socket PATH] [--idle SECONDS] [--shared-namespaces]`. It is the entry point of the endoscope
 * image, and ends after SECONDS without a client. With shared namespaces the manager already shares the namespaces of its
 * targets, as in an ephemeral container, and enters none. SCOPE_SCRATCH is a directory for the socket where the root is
 * read-only.
 *
 * `manager --stdio --tools DIRECTORY` serves one client on standard input and output, and ends with that client: on a
 * machine that is the node itself. DIRECTORY contains the image's small programs; the tools are the machine's.
 */
import { parseArgs } from "node:util";
import { releaseMemory } from "./memory.ts";
import { sweepAll } from "./redirect/sweep.ts";
import { serve } from "./server.ts";
import { joinStdio } from "./stdio.ts";
import { scratchDirectory, scratchVariable, socketName } from "../protocol/transport.ts";

// First of all, because child processes inherit it: when memory runs out, the kernel kills the tools before the application.
await Deno.writeTextFile("/proc/self/oom_score_adj", "1000");

const scratch = Deno.env.get(scratchVariable);
const { values } = parseArgs({
  options: {
    socket: { type: "string", default: `${scratch ?? scratchDirectory}/${socketName}` },
    idle: { type: "string", default: "600" },
    "shared-namespaces": { type: "boolean", default: false },
    stdio: { type: "boolean", default: false },
    tools: { type: "string", default: "/opt/scope" },
  },
});
// Private to this process and its client.
const ownDirectory = values.stdio ? await Deno.makeTempDir({ prefix: "scope-local-" }) : undefined;
const socket = ownDirectory === undefined ? values.socket : `${ownDirectory}/manager.sock`;
const idleSeconds = Number(values.idle);
const directory = socket.slice(0, socket.lastIndexOf("/"));
try {
  // In a directory that other containers of the pod can write to, an existing directory is not this manager's.
  await Deno.mkdir(directory, { recursive: directory !== scratch, mode: 0o700 });
} catch (error) {
  console.error(`error: Cannot make the directory "${directory}" of the manager's socket: ${(error as Error).message}`);
  Deno.exit(1);
}
await Deno.remove(socket).catch(() => {});

// A failed call must not end the tools of all clients.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unexpected:", event.reason);
});

const ended = Promise.withResolvers<void>();
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => ended.resolve());

const local = values.stdio ? { local: { directory: values.tools } } : {};
await using manager = await serve(socket, {
  idleSeconds,
  sharedNamespaces: values["shared-namespaces"],
  // A process of the target may reach the socket through a shared directory or /proc/PID/root.
  ownContainerOnly: values["shared-namespaces"],
  ...local,
});
if (values.stdio) void joinStdio(socket).finally(ended.resolve);
void manager.ended.then(ended.resolve);
let tidy = false;
const timer = setInterval(() => {
  const { idleMs } = manager.clients;
  if (idleMs > idleSeconds * 1000) ended.resolve();
  if (idleMs > 1000 && !tidy) releaseMemory();
  tidy = idleMs > 1000;
}, 1000);
await ended.promise;
clearInterval(timer);
await Deno.remove(ownDirectory ?? scratch ?? socket, { recursive: true }).catch(() => {});
await manager[Symbol.asyncDispose]();
if (!values.stdio) await sweepAll(values["shared-namespaces"]);
Deno.exit(0);
