import { Buffer } from "node:buffer";
import { WebSocket } from "ws";
import { defined } from "../lib/defined.ts";
import type { QuickMaterial } from "./quick_client.ts";
import { finishRequest } from "./refused_upgrade.ts";
import type { ExecRequest, ExecSocket } from "./rest.ts";

/** Channels of an exec's websocket: the first byte of each message, see k8s.io/apimachinery/pkg/util/remotecommand. */
const channels = { input: 0, output: 1, errors: 2, status: 3, close: 255 } as const;

/** Protocols, the newest first: only that can end the input alone. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/**
 * Opens the websocket of an exec. Not Deno's own, which lets the kernel hold back small messages (TCP_NODELAY is off): each
 * connection of a redirect took 40 ms longer. Throws StatusError for a refusal.
 */
export async function openSocket(
  server: string,
  { namespace, pod, container, command, input, output, errors, onStatus }: ExecRequest,
  { ca, cert, key, headers }: QuickMaterial,
): Promise<ExecSocket> {
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/exec`);
  const wanted = [["stdin", "true"], ["stdout", "true"], ["stderr", "true"], ["tty", "false"], [
    "container",
    container,
  ]];
  url.search = new URLSearchParams([...wanted, ...command.map((word) => ["command", word])]).toString();
  url.protocol = "wss:";
  const socket = new WebSocket(url, protocols, {
    ...{ ...defined({ ca, cert, key }), headers: { ...headers }, perMessageDeflate: false, finishRequest },
    // A mask protects proxies from bytes that look like a request. Within TLS they see none, and it took a fifth of an upload.
    generateMask: (mask: Buffer) => void mask.fill(0),
  });
  const opened = Promise.withResolvers<void>();
  socket.once("open", opened.resolve).once("error", opened.reject);
  await opened.promise;
  socket.on("message", (message: Buffer) => {
    const content = message.subarray(1);
    if (message[0] === channels.output) output.write(content);
    else if (message[0] === channels.errors) errors.write(content);
    else if (message[0] === channels.status) {
      onStatus(JSON.parse(content.toString()));
      socket.close();
    }
  });
  input.on("data", (bytes: Uint8Array) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Uint8Array.of(channels.input), bytes]));
  });
  input.on("end", () => {
    if (socket.protocol !== protocols[0]) socket.close();
    else if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.of(channels.close, channels.input));
  });
  return socket;
}
