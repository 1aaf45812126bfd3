/**
 * The program beside the pod: `manager [--socket PATH] [--idle SECONDS] [--shared-namespaces]`. It is the endoscope image's
 * entry point, and ends when it had no client for that long. With shared namespaces it is in those of its targets already,
 * as in an ephemeral container, and enters none.
 */
import { parseArgs } from "node:util";
import { giveBackMemory } from "./memory.ts";
import { serve } from "./server.ts";
import { socketPath } from "./transport.ts";

// First of all, and inherited by all that is started: when memory runs out, the tools go before the app does.
await Deno.writeTextFile("/proc/self/oom_score_adj", "1000");

const { values } = parseArgs({
  options: {
    socket: { type: "string", default: socketPath },
    idle: { type: "string", default: "600" },
    "shared-namespaces": { type: "boolean", default: false },
  },
});
const idleSeconds = Number(values.idle);
const folder = values.socket.slice(0, values.socket.lastIndexOf("/"));
await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
await Deno.remove(values.socket).catch(() => {});

// One call that goes wrong must not end the tools of all clients.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unexpected:", event.reason);
});

const ended = Promise.withResolvers<void>();
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => ended.resolve());

await using manager = await serve(values.socket, { idleSeconds, sharedNamespaces: values["shared-namespaces"] });
void manager.ended.then(ended.resolve);
let tidy = false;
const timer = setInterval(() => {
  const { idleMs } = manager.clients;
  if (idleMs > idleSeconds * 1000) ended.resolve();
  if (idleMs > 1000 && !tidy) giveBackMemory();
  tidy = idleMs > 1000;
}, 1000);
await ended.promise;
clearInterval(timer);
await Deno.remove(values.socket).catch(() => {});
await manager[Symbol.asyncDispose]();
Deno.exit(0);
