import { bundle } from "../../scripts/src/bundle/bundle.ts";
import { DIST } from "../../scripts/src/lib/paths.ts";

/** The program, bundled: from its sources it starts half a second later. */
const bundled = bundle("cli");

/** Runs the program and returns what it said. It finds no cluster and no file of this user. */
export async function scope(
  argv: readonly string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  await bundled;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "--no-prompt", "--no-config", `${DIST}/cli/main.js`, ...argv],
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      DENO_DIR: await denoDirectory(),
      HOME: "/nonexistent",
      KUBECONFIG: "/nonexistent/kubeconfig",
      SCOPE_AUDIT: "off",
      SCOPE_WARM: "off",
      ...env,
    },
    clearEnv: true,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

let directory: Promise<string> | undefined;

/** Directory in which Deno keeps packages for this user. */
function denoDirectory(): Promise<string> {
  return directory ??= new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()
    .then(({ stdout }) => JSON.parse(new TextDecoder().decode(stdout)).denoDir);
}
