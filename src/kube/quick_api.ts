import { Buffer } from "node:buffer";
import { type QuickClient, quickClients } from "./quick_client.ts";
import type { QuickConfig } from "./quick_config.ts";
import {
  type AnswerBody,
  type Api,
  type ExecRequest,
  type ExecSocket,
  headersOf,
  isPage,
  objectOf,
  type RestRequest,
  urlOf,
} from "./rest.ts";
import { StatusError } from "./status_error.ts";

/**
 * Makes requests by Deno itself, for plain kubeconfigs: the client library takes a third of a command's CPU time. Where no
 * connection can be made, the library is asked, once more and for the reason.
 */
export function quickApi(config: QuickConfig, library: Api): Api {
  const clients = quickClients(config);
  /** Resolves to undefined if a file of the kubeconfig cannot be read. */
  const clientOrNone = () => clients().catch(() => undefined);
  /** Sends a request; resolves to undefined if it could not be sent. */
  const send = async (request: RestRequest, more: RequestInit = {}): Promise<Response | undefined> => {
    const { method, body, signal } = request, found = await clientOrNone();
    if (found === undefined) return undefined;
    try {
      return await fetch(urlOf(config.server, request), {
        ...{ method, signal, client: found.client, headers: { ...headersOf(request), ...found.headers } },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...more,
      });
    } catch (error) {
      if (isUnconnected(error)) return undefined;
      throw brokenBy(error);
    }
  };
  return {
    async request<T>(request: RestRequest): Promise<T> {
      const answer = await send(request);
      if (answer === undefined) return await library.request<T>(request);
      const text = await answer.text().catch((error) => {
        throw brokenBy(error);
      });
      return objectOf<T>(answer, text);
    },
    async stream(request) {
      const ended = new AbortController(), signal = AbortSignal.any([request.signal, ended.signal]);
      const answer = await send({ method: "GET", ...request, signal }, { redirect: "manual" });
      if (answer === undefined) return await library.stream(request);
      const headers = Object.fromEntries(answer.headers);
      if (answer.status === 200 && !isPage(headers)) return bodyOf(answer, () => ended.abort());
      throw new StatusError(answer.status, await answer.text(), headers);
    },
    async exec(request) {
      const found = await clientOrNone();
      const socket = found === undefined ? undefined : await openSocket(config.server, request, found);
      return socket ?? await library.exec(request);
    },
    plugin: undefined,
    stopPlugin() {},
  };
}

/** Returns Deno's words for a request that failed; undefined for other errors, such as an abort. */
function failureOf(error: unknown): string | undefined {
  if (!(error instanceof TypeError)) return undefined;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Returns true for an error before the request was sent: no connection could be made. */
function isUnconnected(error: unknown): boolean {
  return /: client error \(Connect\)/.test(failureOf(error) ?? "");
}

/** Returns the error for a connection that broke, with the code that Node gives to it; an abort stays as it is. */
function brokenBy(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const reason = failure.replace(/^.*: client error \(\w+\): /s, "");
  return Object.assign(new Error(reason, { cause: error }), { code: "ECONNRESET" });
}

function bodyOf(answer: Response, destroy: () => void): AnswerBody {
  async function* chunks() {
    try {
      yield* answer.body ?? [];
    } catch (error) {
      throw brokenBy(error);
    }
  }
  return Object.assign(chunks(), { destroy });
}

/** Channels of an exec's websocket: the first byte of each message, see k8s.io/apimachinery/pkg/util/remotecommand. */
const channels = { input: 0, output: 1, errors: 2, status: 3, close: 255 } as const;

/** Opens the websocket of an exec; resolves to undefined if it is refused: why, Deno does not say. */
async function openSocket(
  server: string,
  { namespace, pod, container, command, input, output, errors, onStatus }: ExecRequest,
  { client, headers }: QuickClient,
): Promise<ExecSocket | undefined> {
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/exec`);
  const wanted = [["stdin", "true"], ["stdout", "true"], ["stderr", "true"], ["tty", "false"], [
    "container",
    container,
  ]];
  url.search = new URLSearchParams([...wanted, ...command.map((word) => ["command", word])]).toString();
  url.protocol = "wss:";
  const socket = new WebSocket(url, { protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"], headers, client });
  socket.binaryType = "arraybuffer";
  const opened = Promise.withResolvers<boolean>();
  socket.onopen = () => opened.resolve(true);
  socket.onerror = () => opened.resolve(false);
  if (!await opened.promise) return undefined;
  socket.onmessage = ({ data }) => {
    const bytes = new Uint8Array(data as ArrayBuffer), content = bytes.subarray(1);
    if (bytes[0] === channels.output) output.write(content);
    else if (bytes[0] === channels.errors) errors.write(content);
    else if (bytes[0] === channels.status) {
      onStatus(JSON.parse(new TextDecoder().decode(content)));
      socket.close();
    }
  };
  input.on("data", (bytes: Uint8Array) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Uint8Array.of(channels.input), bytes]));
  });
  input.on("end", () => {
    // Only the newer protocol can end the input alone.
    if (socket.protocol !== "v5.channel.k8s.io") socket.close();
    else if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.of(channels.close, channels.input));
  });
  return {
    close: () => socket.close(),
    on(event: "close" | "error", listener: (error: Error) => void) {
      socket.addEventListener(event, (happened) => {
        listener(happened instanceof ErrorEvent ? happened.error ?? new Error(happened.message) : new Error(event));
      });
    },
  };
}
