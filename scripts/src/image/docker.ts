import { works } from "../../../tests/cluster/packages.ts";
import { runShown } from "../lib/run.ts";
import type { Builder } from "./builder.ts";
import { runVisibly } from "./visible.ts";

export const docker: Builder = {
  async build(name, context, archive) {
    await runVisibly(["docker", "build", "-t", name, context], "Cannot build the image with docker");
    await runShown(["docker", "save", "-o", archive, name]);
  },

  async push(name, archive, reference) {
    if (!await works(["docker", "image", "inspect", name])) {
      await runShown(["docker", "load", "--quiet", "-i", archive]);
    }
    await runShown(["docker", "tag", name, reference]);
    await runShown(["docker", "push", "--quiet", reference]);
  },
};
