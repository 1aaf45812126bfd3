import { close } from "./calls.ts";
import { FileError } from "../../protocol/file_error.ts";

/** An open file or directory. */
export class Descriptor implements Disposable {
  #closed = false;

  constructor(readonly number: number) {}

  /** Throws FileError when the descriptor was closed meanwhile: its number may have been reused. */
  get fd(): number {
    if (this.#closed) throw new FileError("EBADF");
    return this.number;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.number);
  }
}
