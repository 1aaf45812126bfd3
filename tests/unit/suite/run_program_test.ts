import assert from "node:assert/strict";
import { runProgram } from "../../suite/run_program.ts";
import { gone } from "../manager/manager_process.ts";

const options = { cwd: "/", env: {}, limitMs: 10_000 };

Deno.test("runProgram() returns the code and both streams", async () => {
  const { code, stdout, output } = await runProgram(["sh", "-c", "echo out; echo error >&2; exit 3"], options);
  assert.deepEqual([code, stdout, output.includes("out\n"), output.includes("error\n")], [3, "out\n", true, true]);
});

Deno.test("runProgram() ends a program at its limit, also one whose child holds its output open", async () => {
  const script = "trap '' TERM; setsid sleep 1000 & echo $!; wait; wait; sleep 1000";
  const { output, stdout, seconds } = await runProgram(["sh", "-c", script], {
    ...options,
    limitMs: 300,
    graceMs: 300,
  });
  await gone("the child to end", [Number(stdout)], 5);
  assert.match(output, /was ended after 0 minutes/);
  assert.ok(seconds < 5, `${seconds} s`);
});

Deno.test("runProgram() ends what the program started", async () => {
  const child = 'trap "echo ended; exit" TERM; sleep 1000 & wait';
  const { stdout } = await runProgram(["sh", "-c", `sh -c '${child}' & wait`], {
    ...options,
    signal: AbortSignal.timeout(500),
  });
  assert.equal(stdout, "ended\n");
});

Deno.test("runProgram() ends a program by the signal, and one that is missing is a failure", async () => {
  const { code } = await runProgram(["sleep", "1000"], { ...options, signal: AbortSignal.timeout(100) });
  assert.equal(code, 143);
  assert.equal((await runProgram(["no-such-program"], options)).code, 127);
});
