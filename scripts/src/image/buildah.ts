import type { RunOptions } from "../../../tests/cluster/processes.ts";
import { ScriptError } from "../lib/errors.ts";
import { remove, textOf } from "../lib/files.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { fullNames, tlsOption } from "./arguments.ts";
import { makeBaseImages } from "./base_images.ts";
import type { Builder } from "./builder.ts";
import { imagesDirectory, SOURCES } from "./image.ts";
import { lockImages } from "./lock.ts";

/** Builds with buildah as root, with layers in the cache. */
export class Buildah implements Builder {
  readonly #directory = imagesDirectory();

  constructor(
    /** Fetch the base images instead of making them here. */
    readonly pull: boolean,
  ) {}

  async build(name: string, context: string, archive: string): Promise<void> {
    if (Deno.uid() !== 0) {
      throw new ScriptError("Cannot build an image without docker, podman or root", "run this as root");
    }
    await need("buildah", "buildah");
    remove(`${this.#directory}/run`); // stale mount state of an earlier run
    const bases = this.pull
      ? ["--pull", ...fullNames(Deno.readTextFileSync(`${SOURCES}/Dockerfile`))]
      : ["--pull-never", ...await makeBaseImages(this.#directory, (args, options) => this.#run(args, options))];
    await this.#build(["bud", "--layers", ...bases, "--network", "host", "-t", name, context]);
    await this.#run(["push", "--quiet", name, `oci-archive:${archive}:${name}`]);
    remove(`${this.#directory}/run`);
  }

  async push(name: string, archive: string, reference: string): Promise<void> {
    await need("buildah", "buildah");
    using _lock = await lockImages();
    await this.#run(["pull", "--quiet", `oci-archive:${archive}`]);
    await this.#run(["push", tlsOption(reference), "--quiet", name, `docker://${reference}`]);
  }

  async #build(args: readonly string[]): Promise<void> {
    const log = `${this.#directory}/build.log`;
    try {
      await runShown(["sh", "-c", 'exec "$@" >"$0" 2>&1', log, ...this.#command(args)], { env: ENVIRONMENT });
    } catch {
      say((textOf(log) ?? "").trimEnd().split("\n").slice(-20).join("\n"));
      throw new ScriptError("Cannot build the image", `the whole log is in ${log}`);
    }
  }

  #run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return runShown(this.#command(args), { env: ENVIRONMENT, ...options });
  }

  /** buildah leaves file systems mounted; its own mount namespace ends them. */
  #command(args: readonly string[]): string[] {
    const storage = ["--root", `${this.#directory}/storage`, "--runroot", `${this.#directory}/run`];
    return ["unshare", "--mount", "--propagation", "private", "buildah", ...storage, ...args];
  }
}

/** Isolation by chroot needs no privilege beyond root. */
const ENVIRONMENT = { BUILDAH_ISOLATION: "chroot" };
