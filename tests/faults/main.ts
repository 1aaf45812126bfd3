import { through, type Via } from "../e2e/scope.ts";
import type { Aftermath, Fault } from "./fault.ts";
import { faults } from "./faults.ts";
import { type Options, parseOptions } from "./options.ts";
import { Scene } from "./scene.ts";
import { isGood, markdown, type Row } from "./table.ts";

const ways: readonly Via[] = ["node", "ephemeral"];

async function main({ runs, only }: Options, signal: AbortSignal): Promise<boolean> {
  const rows: Row[] = [];
  const cores = navigator.hardwareConcurrency, date = new Date().toISOString().slice(0, 10);
  for (const via of ways) {
    await through(via, async () => {
      await using scene = await Scene.open(via);
      for (const fault of faults.filter(({ name }) => only.includes(name))) {
        if (!signal.aborted) rows.push(await repeat(scene, fault, runs, signal));
      }
    });
  }
  const load = Deno.loadavg()[0]!.toFixed(1);
  console.log(`${date}, ${cores} cores, Linux ${Deno.osRelease()}, load ${load} after\n\n${markdown(rows)}`);
  return rows.every(isGood) && !signal.aborted;
}

/** Goes on after a run that failed, and counts it. */
async function repeat(scene: Scene, { name, run: happen }: Fault, runs: number, signal: AbortSignal): Promise<Row> {
  const aftermaths: Aftermath[] = [], failures: string[] = [];
  for (let run = 0; run < runs && !signal.aborted; run++) {
    const about = `${name}, ${scene.via}, run ${run + 1} of ${runs}`;
    try {
      const aftermath = await happen(scene, { run, runs, brief: false });
      aftermaths.push(aftermath);
      console.error(`${about}: ${aftermath.recoveryMs?.toFixed(0) ?? "–"} ms ${aftermath.leaks.join("; ")}`);
    } catch (error) {
      failures.push((error as Error).message);
      console.error(`${about} FAILED: ${(error as Error).stack}`);
    }
  }
  return { fault: name, via: scene.via, aftermaths, failures };
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
