import assert from "node:assert/strict";
import { parseOptions } from "../../suite/options.ts";

const parse = (...argv: string[]) => parseOptions(argv, 2, () => undefined);

Deno.test("parseOptions() has one lane more than cores, at most four, and one for files", () => {
  assert.deepEqual(parse(), { all: false, steps: undefined, lanes: 3, keep: false, files: [] });
  assert.equal(parseOptions([], 64, () => undefined).lanes, 4);
  assert.deepEqual(parse("--keep", "./tests/e2e/a_test.ts"), {
    ...{ all: false, steps: undefined, lanes: 1, keep: true },
    files: ["tests/e2e/a_test.ts"],
  });
  assert.equal(parse("--lanes", "3", "a", "b").lanes, 3);
});

Deno.test("parseOptions() runs everything for --all, and for $SCOPE_TEST_ALL", () => {
  assert.equal(parse("--all").all, true);
  assert.equal(parseOptions([], 2, (name) => name === "SCOPE_TEST_ALL" ? "1" : undefined).all, true);
});

Deno.test("parseOptions() refuses wrong options in one line", () => {
  for (const lanes of ["0", "17", "two", "1.5"]) {
    assert.throws(() => parse("--lanes", lanes), { message: `Option --lanes cannot be "${lanes}"` });
  }
  assert.equal(parse("--steps", "odd").steps, "odd");
  assert.throws(() => parse("--steps", "third"), { message: 'Option --steps cannot be "third"' });
  assert.throws(() => parse("--kep"), { message: 'Unknown option "--kep"' });
});
