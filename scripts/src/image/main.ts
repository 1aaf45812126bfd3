import { UsageError } from "../lib/errors.ts";
import { readOptions } from "../lib/options.ts";
import { print } from "../lib/output.ts";
import { runScript } from "../lib/script.ts";
import { currentImage } from "./image.ts";

const USAGE = `Usage: scripts/image [--no-load] [--name] [--pull] [--push REF]

Builds src/images/endoscope/Dockerfile with docker, podman or buildah, whichever is there and works, prints the
image's compressed size and loads it into the cluster of scripts/cluster when that runs. The tag is a hash of what
goes in, so nothing is built twice.

  --no-load  only build
  --name     print the name of the image, and do nothing else
  --pull     let buildah fetch the base images; otherwise it makes them here from Debian's and npm's packages
  --push REF publish it as REF, where your cluster pulls from, and use it from now on: SCOPE_IMAGE in ~/.config/scope/env.
             Log in before with docker, podman or buildah, as REF's registry asks
`;

await runScript(USAGE, async (args) => {
  const { flags, values, operands } = readOptions(args, {
    flags: ["no-load", "name", "pull"],
    values: { push: "where your cluster can pull from: registry.example.com/scope/endoscope:1" },
  });
  if (operands[0] !== undefined) throw new UsageError(`Unknown option "${operands[0]}"`);
  const image = await currentImage();
  if (flags.has("name")) return print(image.name);
  // Loaded only here: scripts/scope asks for the name, and should start fast.
  const { provideImage } = await import("./provide.ts");
  const pushed = values.push?.at(-1);
  await provideImage(image, { load: !flags.has("no-load"), pull: flags.has("pull"), push: pushed });
  print(pushed ?? image.name);
});
