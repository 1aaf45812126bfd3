import assert from "node:assert/strict";
import { parseOptions } from "../../faults/options.ts";

const names = ["kill-cli", "freeze-cli"];

Deno.test("parseOptions() lets all faults happen 20 times where nothing is said", () => {
  assert.deepEqual(parseOptions([], names), { runs: 20, only: names, check: false });
});

Deno.test("parseOptions() takes a number of runs and some of the faults", () => {
  const options = parseOptions(["--runs", "3", "--only", "freeze-cli", "--check"], names);
  assert.deepEqual(options, { runs: 3, only: ["freeze-cli"], check: true });
});

Deno.test("parseOptions() refuses what is none, and lists the faults", () => {
  for (const runs of ["0", "-1", "1.5", "many"]) {
    assert.throws(() => parseOptions([`--runs=${runs}`], names), RangeError(`Option --runs cannot be "${runs}"`));
  }
  assert.throws(
    () => parseOptions(["--only", "flood"], names),
    RangeError('Option --only cannot be "flood": it is one of kill-cli, freeze-cli'),
  );
  assert.throws(() => parseOptions(["--fast"], names), TypeError);
});
