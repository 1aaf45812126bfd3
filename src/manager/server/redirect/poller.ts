import { setImmediate } from "node:timers";
import { Epoll } from "./socket_calls.ts";

/** Limit of one wait, in milliseconds: the poller runs for this long after its last socket was removed. */
const waitMs = 500;

/** Notifies sockets of their events, from one thread that waits for all of them. Runs while it has sockets. */
export class Poller {
  #epoll: Epoll | undefined;
  readonly #sockets = new Map<number, (events: number) => void>();

  add(fd: number, changed: (events: number) => void): void {
    const running = this.#epoll !== undefined;
    this.#epoll ??= new Epoll();
    this.#epoll.add(fd);
    this.#sockets.set(fd, changed);
    if (!running) void this.#run(this.#epoll);
  }

  /** Removes a socket. Call before its descriptor is closed. */
  remove(fd: number): void {
    if (this.#sockets.delete(fd)) this.#epoll?.remove(fd);
  }

  async #run(epoll: Epoll): Promise<void> {
    while (this.#sockets.size > 0) {
      // A socket gets its first event only after the code that added it has finished; and a busy socket does not delay other
      // work.
      await new Promise((resolve) => setImmediate(resolve));
      let changed = epoll.changed();
      // Waiting in another thread costs more than a whole connection, so wait only if no event is there already.
      if (changed.length === 0) changed = await epoll.wait(waitMs);
      for (const { fd, events } of changed) this.#sockets.get(fd)?.(events);
    }
    this.#epoll = undefined;
    epoll[Symbol.dispose]();
  }
}

export const poller = new Poller();
