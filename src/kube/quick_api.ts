import { type QuickClient, quickClients } from "./quick_client.ts";
import type { QuickConfig } from "./quick_config.ts";
import { type AnswerBody, type Api, headersOf, isHarmless, isPage, objectOf, type RestRequest, urlOf } from "./rest.ts";
import { StatusError } from "./status_error.ts";

/**
 * Time since the last answer up to which a connection is taken for alive, and from which on for dead, in milliseconds. Routers
 * forget connections, and a machine that was suspended has none left.
 */
const freshMs = 2000, staleMs = 60_000;
/** Limit for the first answer by a connection that may be dead, in milliseconds. */
const silentMs = 1500;

/**
 * Makes requests by Deno itself, for plain kubeconfigs: the client library takes a third of a command's CPU time. Where no
 * connection can be made, the library is asked, once more and for the reason.
 */
export function quickApi(config: QuickConfig, library: Api): Api {
  const clients = quickClients(config);
  /** Time of the last answer, in milliseconds since 1970, which go on while the machine is suspended; 0 without a connection. */
  let answeredOn = 0;
  const sendBy = async (
    { client, headers }: QuickClient,
    request: RestRequest,
    more: RequestInit,
  ): Promise<Response> => {
    const { method, body, signal } = request;
    const answer = await fetch(urlOf(config.server, request), {
      ...{ method, signal, client, headers: { ...headersOf(request), ...headers } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...more,
    });
    answeredOn = Date.now();
    return answer;
  };
  /** Sends a request, again by a new connection if the kept one is silent; resolves to undefined if it could not be sent. */
  const send = async (request: RestRequest, more: RequestInit = {}): Promise<Response | undefined> => {
    const restedMs = answeredOn === 0 ? 0 : Date.now() - answeredOn;
    if (restedMs > staleMs) {
      clients.renew();
      answeredOn = 0;
    }
    const mayBeDead = answeredOn > 0 && restedMs > freshMs && isHarmless(request);
    const found = await clients.client().catch(() => undefined);
    if (found === undefined) return undefined;
    try {
      const first = sendBy(found, request, more);
      if (!mayBeDead || await settlesWithin(first, silentMs)) return await first;
      first.catch(() => {});
      clients.renew(found);
      return await sendBy(await clients.client(), request, more);
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
      const found = await clients.material().catch(() => undefined);
      if (found === undefined) return await library.exec(request);
      const { openSocket } = await import("./exec_socket.ts");
      return await openSocket(config.server, request, found);
    },
    plugin: undefined,
    stopPlugin() {},
  };
}

async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>(), timer = setTimeout(late.resolve, ms, false);
  return await Promise.race([work.then(() => true, () => true), late.promise]).finally(() => clearTimeout(timer));
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
