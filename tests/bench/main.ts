import { markdown } from "./table.ts";
import type { Row } from "./table.ts";
import { parseOptions } from "./options.ts";
import type { Name, Options } from "./options.ts";
import { files } from "./rows/files.ts";
import { launch } from "./rows/launch.ts";
import { load } from "./rows/load.ts";
import { loss } from "./rows/loss.ts";
import { memory } from "./rows/memory.ts";
import { prompt } from "./rows/prompt.ts";
import { redirLatency, redirRate, redirStart, redirThroughput } from "./rows/redir.ts";
import { redirMemory } from "./rows/redir_memory.ts";
import { redirSlow, redirStalled } from "./rows/redir_queues.ts";
import { completion, help, pids, ping, shell, throughput, version } from "./rows/commands.ts";
import { World } from "./world.ts";

const measurements: Readonly<Record<Name, (world: World, runs: number) => Promise<Row[]>>> = {
  version,
  help,
  launch,
  pids,
  ping,
  shell,
  throughput,
  files,
  load,
  memory,
  completion,
  prompt,
  loss,
  "redir-start": redirStart,
  "redir-latency": redirLatency,
  "redir-rate": redirRate,
  "redir-throughput": redirThroughput,
  "redir-stalled": redirStalled,
  "redir-slow": redirSlow,
  "redir-memory": redirMemory,
};

async function main({ runs, only }: Options, signal: AbortSignal): Promise<void> {
  await using world = await World.create(signal);
  const loadNow = () => Deno.loadavg()[0]!.toFixed(1), loadBefore = loadNow();
  const cores = navigator.hardwareConcurrency, date = new Date().toISOString();
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(measurements) as [Name, typeof version][]) {
    if (!only.includes(name)) continue;
    console.error(`measuring ${name}`);
    rows.push(...await measure(world, runs));
  }
  console.log(
    `${
      date.slice(0, 10)
    }, ${cores} cores, Linux ${Deno.osRelease()}, load ${loadBefore} before and ${loadNow()} after, medians of ${runs} runs (launch, throughput, prompt, redir-rate and redir-start warm ${
      Math.ceil(runs / 3)
    }, files, redir-throughput and redir-start cold ${
      Math.ceil(runs / 5)
    }; load, memory, redir-slow and redir-memory: one run)\n`,
  );
  console.log(markdown(rows));
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
}
try {
  const options = parseOptions(Deno.args);
  if (!options.check) await main(options, interrupted.signal);
  Deno.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(interrupted.signal.aborted ? 130 : 1);
}
