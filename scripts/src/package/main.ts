import { ScriptError, USAGE as USAGE_CODE, UsageError } from "../lib/errors.ts";
import { readOptions } from "../lib/options.ts";
import { runScript } from "../lib/script.ts";
import { packageProgram, packageProgramIfPossible } from "./compile.ts";
import { packageFile } from "./install.ts";
import { packagePlugin } from "./krew.ts";
import { packageNpm } from "./npm.ts";
import { denoPackage, platforms } from "./platforms.ts";
import { Workspace } from "./workspace.ts";

const USAGE =
  `Usage: scripts/package [--image REF] [--url BASE] [--platform OS-ARCH]... [install|npm|krew|compile|all]...

Makes packages of this checkout in dist/packages, and prints the path of each, or the commands that install it.

  install  scope-VERSION.js, all of the command line in one file; prints the commands by which Deno installs it, or the checkout
  npm      scope-endoscope-cli-VERSION.tgz: \`npm install -g\` of it gives the programs scope and kubectl-scope, with their Deno
  krew     a .tar.gz for each platform, with its Deno inside, and scope.yaml, the manifest for \`kubectl krew install\`
  compile  scope-VERSION-OS-ARCH, a program of this machine; needs Deno's runtime for programs, denort
  all      all of these (the default); what cannot be made here is said

  --image REF     the endoscope image that is run where nobody names one; without it users have to set SCOPE_IMAGE
  --url BASE      where the archives of krew will be published (default: https://example.com/scope)
  --platform P    for krew, instead of all: linux-amd64, linux-arm64, darwin-amd64, darwin-arm64; may be given several times
`;

type Make = (workspace: Workspace) => Promise<void>;

const makers: Readonly<Record<string, readonly Make[]>> = {
  install: [packageFile],
  npm: [packageNpm],
  krew: [packagePlugin],
  compile: [packageProgram],
  all: [packageFile, packageNpm, packagePlugin, packageProgramIfPossible],
};

await runScript(USAGE, async (args) => {
  const kind = "package or option";
  const { values, operands } = readOptions(args, {
    values: { image: undefined, url: undefined, platform: undefined },
    kind,
  });
  const unknown = operands.find((name) => !Object.hasOwn(makers, name));
  if (unknown !== undefined) throw new UsageError(`Unknown ${kind} "${unknown}"`);
  const image = values.image?.at(-1);
  if (image !== undefined && !/^[A-Za-z0-9._:/@-]*$/.test(image)) {
    throw invalid("image", image, "it is a reference such as registry.example.com/scope:1");
  }
  const url = (values.url?.at(-1) ?? "https://example.com/scope").replace(/\/$/, "");
  if (!/^[A-Za-z0-9._:/@%~+-]*$/.test(url)) {
    throw invalid("url", url, "it is the part of the archives' addresses before their names");
  }
  const wanted = values.platform ?? platforms;
  wanted.forEach(denoPackage);

  using workspace = new Workspace({ image, url, platforms: wanted });
  const makes = new Set((operands.length === 0 ? ["all"] : operands).flatMap((name) => makers[name] ?? []));
  for (const make of makes) await make(workspace);
});

function invalid(option: string, value: string, hint: string): ScriptError {
  return new ScriptError(`Option --${option} cannot be "${value}"`, hint, USAGE_CODE);
}
