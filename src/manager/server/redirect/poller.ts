import { setImmediate } from "node:timers";
import { Epoll } from "./socket_calls.ts";

/** One wait, in milliseconds: how long the poller goes on after its last socket was removed. */
const waitMs = 500;

/** Tells sockets of what has changed for them, from one thread that waits for all. It runs while it has any. */
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

  /** Call before the descriptor is closed. */
  remove(fd: number): void {
    if (this.#sockets.delete(fd)) this.#epoll?.remove(fd);
  }

  async #run(epoll: Epoll): Promise<void> {
    while (this.#sockets.size > 0) {
      // Whoever adds a socket is done with it before it hears of it; and a busy one holds up nothing else.
      await new Promise((resolve) => setImmediate(resolve));
      let changed = epoll.changed();
      // Another thread that waits costs more than a whole connection: only where nothing is there already.
      if (changed.length === 0) changed = await epoll.wait(waitMs);
      for (const { fd, events } of changed) this.#sockets.get(fd)?.(events);
    }
    this.#epoll = undefined;
    epoll[Symbol.dispose]();
  }
}

export const poller = new Poller();
