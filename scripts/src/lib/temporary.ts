import { remove } from "./files.ts";

/** A new directory that is removed at the end of its scope. */
export class TemporaryDirectory implements Disposable {
  readonly path: string;

  constructor(options: Deno.MakeTempOptions = {}) {
    this.path = Deno.makeTempDirSync(options);
  }

  [Symbol.dispose](): void {
    remove(this.path);
  }
}
