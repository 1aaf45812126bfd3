import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";

/** Interval of the checks for frames from the client, and the shortest interval between renewals, in milliseconds. */
const checkMs = 200, renewMs = 900;

/** Renews a lease of a few seconds while frames arrive from the client, until disposed. */
export class Renewal implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #ended = false;

  /**
   * `renew` gets the time since the client's last frame, in milliseconds. `lost` gets the error of a failed renewal, as
   * ConnectError.
   */
  constructor({ session }: Client, renew: (agoMs: number) => Promise<void>, lost: (error: ConnectError) => void) {
    let bytes = session.socket?.bytesRead ?? 0, receivedAt = performance.now();
    let renewedFor = receivedAt, renewedAt = receivedAt, busy = false;
    this.#timer = setInterval(async () => {
      const all = session.socket?.bytesRead ?? bytes, now = performance.now();
      if (all !== bytes) receivedAt = now;
      bytes = all;
      if (busy || receivedAt === renewedFor || now - renewedAt < renewMs) return;
      renewedFor = receivedAt;
      renewedAt = now;
      busy = true;
      try {
        await renew(now - receivedAt);
      } catch (error) {
        if (this.#ended) return;
        lost(new ConnectError(`the rules are gone: ${(error as Error).message}`, Code.Aborted));
      }
      busy = false;
    }, checkMs);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }
}
