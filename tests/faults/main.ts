import type { Aftermath, Fault } from "./fault.ts";
import { faults } from "./faults.ts";
import { type Options, parseOptions } from "./options.ts";
import { Scene } from "./scene.ts";
import { isGood, markdown, type Row } from "./table.ts";

async function main({ runs, only }: Options, signal: AbortSignal): Promise<boolean> {
  const cores = navigator.hardwareConcurrency, date = new Date().toISOString().slice(0, 10);
  await using node = await Scene.open("node");
  await using ephemeral = await Scene.open("ephemeral");
  const rows: Row[] = [];
  for (const fault of faults.filter(({ name }) => only.includes(name))) {
    if (signal.aborted) break;
    const [first, second] = [node, ephemeral].map((scene) => () => repeat(scene, fault, runs, signal)) as Both;
    rows.push(...fault.alone ? [await first(), await second()] : await Promise.all([first(), second()]));
  }
  const load = Deno.loadavg()[0]!.toFixed(1);
  console.log(`${date}, ${cores} cores, Linux ${Deno.osRelease()}, load ${load} after\n\n${markdown(rows)}`);
  return rows.every(isGood) && !signal.aborted;
}

type Both = [() => Promise<Row>, () => Promise<Row>];

/** Repeats a fault; records failed runs and continues. */
async function repeat(scene: Scene, fault: Fault, runs: number, signal: AbortSignal): Promise<Row> {
  const aftermaths: Aftermath[] = [], failures: string[] = [];
  let next = 0;
  const lane = async () => {
    while (next < runs && !signal.aborted) {
      const run = next++, about = `${fault.name}, ${scene.via}, run ${run + 1} of ${runs}`;
      try {
        const aftermath = await fault.run(scene, { run, runs, brief: false });
        aftermaths.push(aftermath);
        console.error(`${about}: ${aftermath.recoveryMs?.toFixed(0) ?? "–"} ms ${aftermath.leaks.join("; ")}`);
      } catch (error) {
        failures.push((error as Error).message);
        console.error(`${about} FAILED: ${(error as Error).stack}`);
      }
    }
  };
  await Promise.all(Array.from({ length: fault.atOnce ?? 1 }, lane));
  await fault.settle?.();
  return { fault: fault.name, via: scene.via, aftermaths, failures };
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
}
try {
  const options = parseOptions(Deno.args, faults.map(({ name }) => name));
  const good = options.check || await main(options, interrupted.signal);
  Deno.exit(interrupted.signal.aborted ? 130 : good ? 0 : 1);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(interrupted.signal.aborted ? 130 : 1);
}
