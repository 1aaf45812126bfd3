import assert from "node:assert/strict";
import { names, parseOptions } from "../../bench/options.ts";

Deno.test("parseOptions() measures all, unless --only says what", () => {
  assert.deepEqual(parseOptions([]), { runs: 15, only: names, check: false });
  assert.deepEqual(parseOptions(["--runs", "3", "--only", "pids", "--only", "load"]).only, ["pids", "load"]);
});

Deno.test("parseOptions() refuses what it does not know", () => {
  for (const argv of [["--runs", "0"], ["--runs", "1.5"], ["--runs", "x"], ["--only", "none"], ["--what"], ["extra"]]) {
    assert.throws(() => parseOptions(argv), Error, argv.join(" "));
  }
});
