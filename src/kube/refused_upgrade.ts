import type { ClientRequest, IncomingMessage } from "node:http";
import type { EventEmitter } from "node:events";
import { StatusError } from "./status_error.ts";

/** Limits for reading a refusal, in bytes and in milliseconds. */
const readBytes = 65_536, readMs = 2000;

/**
 * Sends the request for a websocket, and lets the error of one that is refused be a StatusError with the whole answer: the
 * client would have nothing but the status, in the words of its error. An option of the client library's websockets.
 */
export function finishRequest(request: ClientRequest, websocket: EventEmitter): void {
  websocket.once("unexpected-response", (_request: ClientRequest, response: IncomingMessage) => {
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

/** The StatusError in the event with which the client says that a websocket was refused; else the error as it is. */
export function refusalOf(error: unknown): unknown {
  const { error: inner } = (error ?? {}) as { error?: unknown };
  return inner instanceof StatusError ? inner : error;
}
