import { reasonOf } from "./translate.ts";
import { pageTitle } from "./web_page.ts";

/** Headers of an answer, by their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A refusal of the API server, or of something on the way to it: the HTTP status, and the Status object or text that came with it. */
export class StatusError extends Error {
  /** Time for which the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Title of the web page that came instead of an answer of the API server. */
  readonly page: string | undefined;
  /** Address from which the answer comes, or to which it leads, if that is not the one that was asked. */
  readonly elsewhere: string | undefined;

  constructor(readonly code: number, readonly body: unknown, headers: AnswerHeaders = {}, elsewhere?: string) {
    const page = typeof body === "string" ? pageTitle(body) : undefined;
    const said = page ?? reasonOf({ body });
    super(`the API server answered ${code}${said === "" ? "" : `, ${said}`}`);
    this.page = page;
    this.retryAfterMs = retryAfterMs(one(headers["retry-after"]), Date.now());
    this.elsewhere = elsewhere ?? (code < 400 ? one(headers.location) : undefined);
  }
}

/** A Retry-After header (RFC 9110, 10.2.3), seconds or a date, in milliseconds from `now` on. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
