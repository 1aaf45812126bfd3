import { basename } from "node:path";
import { print } from "../lib/output.ts";
import { DIST } from "../lib/paths.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";

const PACKAGES = `${DIST}/packages`;

export interface Choices {
  /** Image that is used where users name none. */
  readonly image: string | undefined;
  /** Address at which krew's archives will be published. */
  readonly url: string;
  readonly platforms: readonly string[];
}

/** A temporary directory in which packages are made; complete ones are moved to dist/packages. */
export class Workspace implements Disposable {
  readonly #directory: TemporaryDirectory;

  constructor(readonly choices: Choices) {
    Deno.mkdirSync(PACKAGES, { recursive: true });
    this.#directory = new TemporaryDirectory({ dir: PACKAGES, prefix: "part." });
  }

  path(name: string): string {
    return `${this.#directory.path}/${name}`;
  }

  /** Moves a complete package to its place, and returns its path there. */
  keep(path: string): string {
    const kept = `${PACKAGES}/${basename(path)}`;
    Deno.renameSync(path, kept);
    return kept;
  }

  /** Moves a complete package to its place, and prints its path there. */
  finish(path: string): void {
    print(this.keep(path));
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
