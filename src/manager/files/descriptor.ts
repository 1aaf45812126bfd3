import { close } from "./calls.ts";
import { FileError } from "./file_error.ts";

/** An open file or folder. It is closed when nothing works with it any more: its number may soon be another's. */
export class Descriptor implements Disposable {
  #users = 0;
  #closing = false;

  constructor(readonly number: number) {}

  /** Throws FileError when it was closed meanwhile. */
  get fd(): number {
    if (this.#closing) throw new FileError("EBADF");
    return this.number;
  }

  /** Keeps it open while something works with it on another thread. */
  async use<T>(work: (fd: number) => Promise<T>): Promise<T> {
    const fd = this.fd;
    this.#users++;
    try {
      return await work(fd);
    } finally {
      if (--this.#users === 0 && this.#closing) close(fd);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#users === 0) close(this.number);
  }
}
