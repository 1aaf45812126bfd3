import { works } from "../../../tests/cluster/packages.ts";
import { exists } from "../lib/files.ts";
import { say } from "../lib/output.ts";
import { ROOT } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { buildOnce } from "./build.ts";
import { findBuilder } from "./builder.ts";
import type { Image } from "./image.ts";
import { publish } from "./publish.ts";

export interface Wanted {
  /** Import it into the test cluster when that runs. */
  readonly load: boolean;
  /** Fetch the base images of a build by buildah. */
  readonly pull: boolean;
  /** Name under which it is published. */
  readonly push: string | undefined;
}

/** Builds the image when it is not there yet, and makes it available where it is wanted. */
export async function provideImage(image: Image, { load, pull, push }: Wanted): Promise<void> {
  if (!exists(image.archive)) await buildOnce(image, pull);
  say(`image ${image.name}: ${Math.ceil(Deno.statSync(image.archive).size / 2 ** 20)} MB compressed`);
  const cluster = `${ROOT}/scripts/cluster`;
  if (load && await works([cluster, "status"])) await runShown([cluster, "load", image.archive]);
  if (push !== undefined) await publish(image, await findBuilder(pull), push);
}
