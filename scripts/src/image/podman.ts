import { works } from "../../../tests/cluster/packages.ts";
import { runShown } from "../lib/run.ts";
import { fullNames, tlsOption } from "./arguments.ts";
import type { Builder } from "./builder.ts";
import { SOURCES } from "./image.ts";
import { runVisibly } from "./visible.ts";

export const podman: Builder = {
  async build(name, context, archive) {
    const names = fullNames(Deno.readTextFileSync(`${SOURCES}/Dockerfile`));
    await runVisibly(["podman", "build", ...names, "-t", name, context], "Cannot build the image with podman");
    await runShown(["podman", "save", "--format", "oci-archive", "-o", archive, name]);
  },

  async push(name, archive, reference) {
    if (!await works(["podman", "image", "exists", name])) await runShown(["podman", "load", "--quiet", "-i", archive]);
    await runShown(["podman", "push", tlsOption(reference), "--quiet", name, `docker://${reference}`]);
  },
};
