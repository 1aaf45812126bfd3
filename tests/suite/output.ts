import { stripVTControlCharacters } from "node:util";

/** Counts and durations in the output of `deno test`. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly tests: readonly TestTime[];
  /** Reasons of the failed tests, at most SHOWN lines; empty if none has failed. */
  readonly reasons: readonly string[];
}

/** Limit of the lines of reasons. */
const SHOWN = 100;

export interface TestTime {
  readonly name: string;
  readonly seconds: number;
}

/** Parses the output of `deno test`, run once or several times, with the exit code: a run that fails without a failed test counts as one failure. */
export function parseOutput(output: string, code: number): Summary {
  const lines = stripVTControlCharacters(output).split("\n");
  const summaries = lines.filter((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  const sum = (count: RegExp) => summaries.reduce((all, line) => all + Number(count.exec(line)?.[1] ?? 0), 0);
  const passed = sum(/(\d+) passed/), failed = sum(/(\d+) failed/);
  return {
    passed,
    failed: code === 0 || failed > 0 ? failed : 1,
    tests: lines.flatMap(testTime),
    reasons: code === 0 ? [] : reasonsOf(lines),
  };
}

/** Returns the part of the output with the errors; of a program that ended without it, the last lines. */
function reasonsOf(lines: readonly string[]): string[] {
  const errors = lines.findIndex((line) => line.trim() === "ERRORS"),
    names = lines.findIndex((line) => line.trim() === "FAILURES");
  const found = errors < 0 ? lines.slice(-SHOWN) : lines.slice(errors + 1, names < 0 ? undefined : names);
  return found.slice(0, SHOWN).join("\n").trim().split("\n");
}

/** Parses the last line of a test, without indentation, which steps have: `NAME ... ok (1m2s)`. */
function testTime(line: string): TestTime[] {
  const [, name, time] = /^(\S.*) \.\.\. (?:ok|FAILED) \((.+)\)$/.exec(line) ?? [];
  return name === undefined || time === undefined ? [] : [{ name, seconds: secondsOf(time) }];
}

const unitSeconds = { h: 3600, m: 60, s: 1, ms: 1e-3, µs: 1e-6 } as const;

/** Parses a duration as Deno prints it: `1m2s`, `3s`, `120ms`. */
function secondsOf(time: string): number {
  return [...time.matchAll(/(\d+)(ms|µs|[hms])/g)]
    .reduce((sum, [, amount, unit]) => sum + Number(amount) * unitSeconds[unit as keyof typeof unitSeconds], 0);
}
