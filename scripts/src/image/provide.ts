import { works } from "../../../tests/cluster/packages.ts";
import { openState } from "../../../tests/cluster/state.ts";
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
  if (load) await loadIntoCluster(image);
  if (push !== undefined) await publish(image, await findBuilder(pull), push);
}

async function loadIntoCluster({ archive }: Image): Promise<void> {
  if (openState().bin === undefined) return;
  const cluster = `${ROOT}/scripts/cluster`;
  if (await works([cluster, "status"])) await runShown([cluster, "load", archive]);
  else {say(
      "the image is not loaded: a part of the test cluster does not run; run scripts/cluster up, and then this again",
    );}
}
