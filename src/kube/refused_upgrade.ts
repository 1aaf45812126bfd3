import type { ClientRequest, IncomingMessage } from "node:http";
import { StatusError } from "./status_error.ts";

/** The used part of the client library's websocket. */
interface Websocket {
  once(event: "unexpected-response", listener: (request: ClientRequest, response: IncomingMessage) => void): unknown;
  emit(event: "error", error: Error): unknown;
}

/** Limits for reading a refusal, in bytes and in milliseconds. */
const readBytes = 65_536, readMs = 2000;

/**
 * Sends the request for a websocket, and turns a refusal into a StatusError with the whole answer: the client's own error
 * contains only the status code, as text. An option of the client library's websockets.
 */
export function finishRequest(request: ClientRequest, websocket: Websocket): void {
  websocket.once("unexpected-response", (_request, response) => {
    let text = "";
    const refuse = () => {
      clearTimeout(limit);
      websocket.emit("error", new StatusError(response.statusCode ?? 0, text, response.headers));
      request.destroy();
    };
    const limit = setTimeout(refuse, readMs);
    response.setEncoding("utf8");
    response.on("data", (more: string) => {
      text += more;
      if (text.length > readBytes) response.destroy();
    });
    response.once("close", refuse);
  });
  request.end();
}

/** Returns the StatusError inside the client's event for a refused websocket; any other error unchanged. */
export function refusalOf(error: unknown): unknown {
  const { error: inner } = (error ?? {}) as { error?: unknown };
  return inner instanceof StatusError ? inner : error;
}
