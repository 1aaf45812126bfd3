import { reasonOf } from "./translate.ts";
import { pageTitle } from "./web_page.ts";

/** Headers of an answer, by their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A refusal by the API server, or by a proxy in front of it: the HTTP status, and the Status object or text of the body. */
export class StatusError extends Error {
  /** Wait that the server asks for (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Title of the web page, if the body is one instead of an answer of the API server. */
  readonly page: string | undefined;
  /** Address that the answer comes from or redirects to, if it is not the requested one. */
  readonly elsewhere: string | undefined;

  constructor(readonly code: number, readonly body: unknown, headers: AnswerHeaders = {}, elsewhere?: string) {
    const page = typeof body === "string" ? pageTitle(body) : undefined;
    const reason = page ?? reasonOf({ body });
    super(`the API server answered ${code}${reason === "" ? "" : `, ${reason}`}`);
    this.page = page;
    this.retryAfterMs = retryAfterMs(one(headers["retry-after"]), Date.now());
    this.elsewhere = elsewhere ?? (code < 400 ? one(headers.location) : undefined);
  }
}

/** Parses a Retry-After header (RFC 9110, 10.2.3), seconds or a date, to milliseconds from `now`. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
