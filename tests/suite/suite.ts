import { openState } from "../cluster/state.ts";
import { programsPath } from "../programs/install.ts";
import { fingerprint } from "./fingerprint.ts";
import { guarded } from "./guarded.ts";
import { Lane, ROOT } from "./lane.ts";
import type { Options } from "./options.ts";
import { readResults, writeResults } from "./record.ts";
import { Report } from "./report.ts";
import type { Ended } from "./run_program.ts";
import { schedule } from "./schedule.ts";

/** Results of earlier runs, of all checkouts on this machine. */
const RESULTS = `${openState().cache}/tests/results.json`;

/** One run of the tests: the gate, and test files that lanes take from one queue. */
export class Suite {
  readonly #options: Options;
  readonly #signal: AbortSignal;
  readonly #print: (text: string) => void;
  readonly #report = new Report();
  readonly #fingerprints: Readonly<Record<string, string>>;
  readonly #queue: string[];
  readonly #unchanged: readonly string[];
  /** Resolves when the first lane has a cluster, and so everything that the others need is built; false if it has failed. */
  readonly #built = Promise.withResolvers<boolean>();

  constructor(options: Options, signal: AbortSignal, print: (text: string) => void) {
    const { files, all, steps } = options;
    const chosen = all || steps !== undefined || files.length > 0;
    this.#options = options;
    this.#signal = signal;
    this.#print = print;
    this.#fingerprints = Object.fromEntries(
      guarded.map(({ file, tests }) => [file, fingerprint(ROOT, [file, ...tests])]),
    );
    const { run, unchanged } = schedule(
      files.length > 0 ? files : testFiles(),
      chosen ? {} : this.#fingerprints,
      readResults(RESULTS),
    );
    this.#queue = [...run];
    this.#unchanged = unchanged;
  }

  /** Runs the tests, and prints their output and the count. Returns the exit code. */
  async run(): Promise<number> {
    const begun = performance.now(), { lanes: count, keep } = this.#options, signal = this.#signal;
    const programs = await programsPath(`${ROOT}/dist/programs`, signal);
    const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${programs}`;
    const lanes = Array.from(
      { length: count },
      (_, at) => new Lane({ number: at + 1, path, signal, live: count === 1 }),
    );
    await Promise.all(lanes.map(async (lane, at) => {
      const isFirst = at === 0;
      // The gate needs no cluster: the last lane runs it, while the first one builds.
      if (at === count - 1) await this.#step(lane, "the gate", () => lane.gate());
      await this.#work(lane, isFirst).catch(this.#failed(`the cluster of lane ${lane.number}`));
      if (isFirst) this.#built.resolve(false);
      if (!(keep && isFirst)) await lane.end().catch(this.#failed(`the end of lane ${lane.number}`));
    }));
    this.#end((performance.now() - begun) / 1000);
    return signal.aborted ? 130 : this.#report.failed === 0 ? 0 : 1;
  }

  async #work(lane: Lane, isFirst: boolean): Promise<void> {
    if (!isFirst && !await this.#built.promise) return;
    if (this.#queue.length === 0 || this.#signal.aborted) return;
    this.#announce(lane, "starting a cluster");
    await lane.start();
    this.#built.resolve(true);
    for (let file = this.#queue.shift(); file !== undefined; file = this.#queue.shift()) {
      const name = file;
      await this.#step(lane, name, () => lane.test(name, this.#options));
      if (this.#signal.aborted) return;
    }
  }

  async #step(lane: Lane, name: string, run: () => Promise<Ended>): Promise<void> {
    this.#announce(lane, name);
    const ended = await run();
    const { failed } = this.#report.add(name, ended);
    if (this.#options.lanes > 1) {
      this.#print(`\n── ${name}: lane ${lane.number}, ${ended.seconds.toFixed(0)} s\n${ended.output}`);
    }
    if (failed > 0 || this.#options.steps !== undefined || this.#signal.aborted) return;
    const fingerprint = this.#fingerprints[name];
    writeResults(RESULTS, {
      seconds: { [name]: Math.round(ended.seconds) },
      passed: fingerprint === undefined ? {} : { [name]: fingerprint },
    });
  }

  #announce(lane: Lane, what: string): void {
    if (this.#options.lanes > 1) this.#print(`lane ${lane.number}: ${what}\n`);
  }

  #failed(what: string): (error: Error) => void {
    return (error) => {
      this.#print(`${error.message}\n`);
      this.#report.fail(what);
    };
  }

  #end(seconds: number): void {
    if (this.#queue.length > 0) this.#report.fail(`${this.#queue.length} files, which did not run`);
    for (const file of this.#unchanged) {
      this.#print(`not run, as what it tests is unchanged since it passed: ${file} (--all runs it)\n`);
    }
    this.#print(`${this.#report.lines(seconds).join("\n")}\n`);
  }
}

function testFiles(): string[] {
  return [...Deno.readDirSync(`${ROOT}/tests/e2e`)].map(({ name }) => `tests/e2e/${name}`)
    .filter((file) => file.endsWith("_test.ts"));
}
