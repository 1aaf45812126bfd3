import type { Contender } from "../alternate.ts";
import { alternate } from "../alternate.ts";
import { untilPrompt } from "../prompt.ts";
import { compare, milliseconds } from "../table.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** Returns a contender that runs `kubectl debug -it` on the same pod with the same image; each run adds a container. */
function debug(world: World): Contender {
  const argv = () => {
    const container = `kubectl-${crypto.randomUUID().slice(0, 8)}`;
    const what = [`--image=${world.image}`, "--image-pull-policy=Never", "--target=target", `--container=${container}`];
    return world.kubectlArgv("debug", world.target, "-it", "--profile=general", ...what, "--", "bash", "--norc");
  };
  return { once: () => untilPrompt(argv(), world) };
}

/** Measures the time from the command line to a prompt, without and with a running manager, by both Ways. */
export async function prompt(world: World, runs: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const via of ["ephemeral", "node"]) {
    const shell = world.scopeArgv("--via", via, "shell");
    const end = async () => void await world.scope("cleanup", "-p", "all");
    await end();
    const once = () => untilPrompt(shell, world);
    const cold = await alternate({ once, reset: end }, debug(world), Math.ceil(runs / 3));
    rows.push(compare(`cold prompt, ${via} / \`kubectl debug -it\``, { ...cold, format: milliseconds, aim: 1 }));
    await world.warmScope(["--via", via, "shell", "true"]).once();
    await world.untilWarm();
    const again = { once: () => untilPrompt(shell, { ...world, env: world.warm }), reset: () => world.untilWarm() };
    const warm = await alternate(again, debug(world), Math.ceil(runs / 3));
    rows.push(compare(`warm prompt, ${via} / \`kubectl debug -it\``, { ...warm, format: milliseconds, aim: 0.5 }));
    const exec = { once: () => untilPrompt(world.kubectlArgv("exec", "-it", world.target, "--", "sh"), world) };
    const inPod = await alternate(again, exec, Math.ceil(runs / 3));
    rows.push(compare(`warm prompt, ${via} / \`kubectl exec -it\``, { ...inPod, format: milliseconds, aim: 0.7 }));
    await end();
  }
  return rows;
}
