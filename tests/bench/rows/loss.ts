import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/**
 * Number of runs of scope by each Way, in which a process waits for each command, and of `kubectl debug`, each of which adds a
 * container to the pod.
 */
const scopeRuns = 100, debugRuns = 20;
const said = "one line of output, and its end";

/** Counts short commands whose output or exit code is lost. */
export async function loss(world: World): Promise<Row[]> {
  let lost = 0;
  for (const via of ["ephemeral", "node"]) {
    for (let run = 0; run < scopeRuns; run++) {
      const argv = world.scopeArgv("--via", via, "shell", "sh", "-c", `echo '${said}'; exit 7`);
      if (!await arrives(argv, { ...world, env: world.warm }, 7)) lost += 1;
      await world.untilWarm();
    }
  }
  let debugLost = 0;
  for (let run = 0; run < debugRuns; run++) {
    const what = [`--image=${world.image}`, "--image-pull-policy=Never", "--target=target", "--profile=general"];
    const argv = world.kubectlArgv("debug", world.target, "-i", "--quiet", ...what, "--", "echo", said);
    if (!await arrives(argv, world, 0)) debugLost += 1;
  }
  return [{
    what: "short commands whose output or exit code was lost / `kubectl debug -i`",
    scope: `${lost} of ${2 * scopeRuns}`,
    other: `${debugLost} of ${debugRuns}`,
    aim: "0",
    met: lost === 0,
  }];
}

async function arrives(
  argv: readonly string[],
  { env, signal }: Pick<World, "env" | "signal">,
  wanted: number,
): Promise<boolean> {
  const [program = "", ...args] = argv;
  const options = { args, env, signal, clearEnv: true, stdin: "null", stdout: "piped", stderr: "null" } as const;
  const { code, stdout } = await new Deno.Command(program, options).output();
  return code === wanted && new TextDecoder().decode(stdout) === `${said}\n`;
}
