import type { Ended } from "./run_program.ts";
import { parseOutput, type Summary, type TestTime } from "./output.ts";

/** Number of slowest tests that a run prints. */
const SLOWEST = 10;

/** Collects the results of a run: counts, durations and failures. */
export class Report {
  passed = 0;
  failed = 0;
  readonly #tests: (TestTime & { file: string })[] = [];
  readonly #broken: string[] = [];
  readonly #reasons: string[] = [];

  /** Adds what a test file, or the gate, printed. */
  add(name: string, { code, output }: Ended): Summary {
    const summary = parseOutput(output, code);
    this.passed += summary.passed;
    this.failed += summary.failed;
    if (summary.failed > 0) {
      this.#broken.push(name);
      this.#reasons.push("", `── why ${name} failed`, ...summary.reasons);
    }
    this.#tests.push(...summary.tests.map((test) => ({ ...test, file: name })));
    return summary;
  }

  /** Adds a failure outside any test. */
  fail(name: string): void {
    this.failed++;
    this.#broken.push(name);
  }

  /**
   * Returns the last lines of a run: why tests failed, the slowest tests, the files that failed, its duration, and the count,
   * which is last.
   */
  lines(seconds: number): string[] {
    const rounded = Math.round(seconds);
    const slowest = this.#tests.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
    return [
      ...this.#reasons,
      ...slowest.length === 0 ? [] : ["", "slowest tests:"],
      ...slowest.map(({ seconds, file, name }) => `${seconds.toFixed(0).padStart(6)} s  ${name} (${file})`),
      ...this.#broken.length === 0 ? [] : ["", ...this.#broken.map((name) => `failed: ${name}`)],
      "",
      `${Math.floor(rounded / 60)} min ${rounded % 60} s`,
      `${this.passed} passed, ${this.failed} failed`,
    ];
  }
}
