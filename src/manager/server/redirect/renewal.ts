import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";

/** How often it is looked whether the client has said anything, and how often at most a lease is renewed; milliseconds. */
const lookMs = 200, renewMs = 900;

/** Renews what the kernel lends for some seconds only, as long as the client is heard of; until disposed. */
export class Renewal implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #ended = false;

  /** `renew` is told how long ago the client was heard of, in milliseconds. `lost`: what it failed of, as ConnectError. */
  constructor({ session }: Client, renew: (agoMs: number) => Promise<void>, lost: (error: ConnectError) => void) {
    let bytes = session.socket?.bytesRead ?? 0, heardAt = performance.now();
    let renewed = heardAt, renewedAt = heardAt, busy = false;
    this.#timer = setInterval(async () => {
      const all = session.socket?.bytesRead ?? bytes, now = performance.now();
      if (all !== bytes) heardAt = now;
      bytes = all;
      if (busy || heardAt === renewed || now - renewedAt < renewMs) return;
      renewed = heardAt;
      renewedAt = now;
      busy = true;
      try {
        await renew(now - heardAt);
      } catch (error) {
        if (this.#ended) return;
        lost(new ConnectError(`the rules are gone: ${(error as Error).message}`, Code.Aborted));
      }
      busy = false;
    }, lookMs);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }
}
