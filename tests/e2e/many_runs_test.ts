import assert from "node:assert/strict";
import { TestNamespace } from "./kube.ts";
import { scope } from "./scope.ts";
import { overWays } from "./ways.ts";

/** Number of runs; rare failures only show in many. */
const runs = Number(Deno.env.get("SCOPE_TEST_RUNS") ?? 50);
/** Number of concurrent runs. */
const lanes = 5;

overWays(`${runs} runs of a one-line shell command lose no byte of output and no exit code`, async () => {
  await using own = await TestNamespace.make();
  await own.pod("target");
  assert.equal((await scope(["-n", own.name, "-p", "target", "shell", "true"])).code, 0);
  let next = 0;
  const lane = async () => {
    for (let run = next++; run < runs; run = next++) {
      const script = `echo run ${run}; seq 1 ${run * 40}; echo "last words" >&2; exit ${run % 64}`;
      const { code, stdout, stderr } = await scope(["-n", own.name, "-p", "target", "shell", "sh", "-c", script]);
      const lines = Array.from({ length: run * 40 }, (_, at) => `${at + 1}\n`).join("");
      const words = stderr.replace(/^waiting for the API server .*\n/m, ""); // printed on a busy machine
      assert.deepEqual({ code, words }, { code: run % 64, words: "last words\n" }, `run ${run}`);
      assert.equal(stdout, `run ${run}\n${lines}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
});
