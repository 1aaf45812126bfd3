import { print } from "../../scripts/src/lib/output.ts";
import { ROOT } from "../../scripts/src/lib/paths.ts";
import { openState } from "../cluster/state.ts";
import { programsPath } from "../programs/install.ts";
import { fingerprint } from "./fingerprint.ts";
import { guarded } from "./guarded.ts";
import { Lane } from "./lane.ts";
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
  readonly #report = new Report();
  #fingerprints: Readonly<Record<string, string>> = {};
  #queue: string[] = [];
  /** Resolves when the first lane has a cluster, and so everything that the others need is built; false if it has failed. */
  readonly #built = Promise.withResolvers<boolean>();

  constructor(options: Options, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Runs the tests, and prints their output and the count. Returns true if all have passed. Throws ClusterError. */
  async run(): Promise<boolean> {
    const begun = performance.now(), { lanes: count, keep } = this.#options;
    const programs = await programsPath(`${ROOT}/dist/programs`, this.#signal);
    const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${programs}`;
    await this.#plan();
    const lanes = Array.from({ length: count }, (_, at) => {
      return new Lane({ number: at + 1, path, signal: this.#signal, live: count === 1 });
    });
    await Promise.all(lanes.map(async (lane, at) => {
      const isFirst = at === 0;
      await this.#work(lane, isFirst, at === count - 1).catch(this.#failed(`lane ${lane.number}`));
      if (isFirst) this.#built.resolve(false);
      if (!(keep && isFirst)) await lane.end().catch(this.#failed(`the end of lane ${lane.number}`));
    }));
    if (this.#queue.length > 0) this.#report.fail(`${this.#queue.length} files, which did not run`);
    print(this.#report.lines((performance.now() - begun) / 1000).join("\n"));
    return this.#report.failed === 0;
  }

  /** Decides the files to run, and their order. */
  async #plan(): Promise<void> {
    const { files, all, steps } = this.#options;
    const hashes = guarded.map(async ({ file, tests }) => [file, await fingerprint(ROOT, [file, ...tests])] as const);
    this.#fingerprints = Object.fromEntries(await Promise.all(hashes));
    const { run, unchanged } = schedule(
      files.length > 0 ? files : testFiles(),
      all || steps !== undefined || files.length > 0 ? {} : this.#fingerprints,
      readResults(RESULTS),
    );
    this.#queue = [...run];
    for (const file of unchanged) {
      print(`not run, as what it tests is unchanged since it passed: ${file} (--all runs it)`);
    }
  }

  /** Runs the gate, which needs no cluster, on the last lane, while the first one builds; then test files. */
  async #work(lane: Lane, isFirst: boolean, isLast: boolean): Promise<void> {
    if (isLast) await this.#step(lane, "the gate", () => lane.gate());
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
    const { passed, failed } = this.#report.add(name, ended);
    if (this.#options.lanes > 1) {
      print(`\n── ${name}: lane ${lane.number}, ${ended.seconds.toFixed(0)} s\n${ended.output.trimEnd()}`);
    }
    if (passed === 0 || failed > 0 || this.#options.steps !== undefined || this.#signal.aborted) return;
    const hash = this.#fingerprints[name];
    writeResults(RESULTS, {
      seconds: { [name]: Math.round(ended.seconds) },
      passed: hash === undefined ? {} : { [name]: hash },
    });
  }

  #announce(lane: Lane, what: string): void {
    if (this.#options.lanes > 1) print(`lane ${lane.number}: ${what}`);
  }

  #failed(what: string): (error: Error) => void {
    return (error) => {
      print(error.message);
      this.#report.fail(what);
    };
  }
}

function testFiles(): string[] {
  return [...Deno.readDirSync(`${ROOT}/tests/e2e`)].map(({ name }) => `tests/e2e/${name}`)
    .filter((file) => file.endsWith("_test.ts"));
}
