import assert from "node:assert/strict";
import { ClusterError } from "../../cluster/errors.ts";
import { alive, parsePidFile, parseStat, run } from "../../cluster/processes.ts";

// A line of this form is what the kernel gives; the name is the process' own choice.
const STAT =
  "42 (a ) (b) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 8704000 300 18446744073709551615 1 1 0 0 0 0 0";

Deno.test("parseStat() reads past a name with blanks and parentheses", () => {
  assert.deepEqual(parseStat(STAT), { pid: 42, state: "S", parent: 7, start: "123456" });
});

Deno.test("parseStat() gives nothing for half a line", () => {
  for (const line of ["", "42", "42 (sh) S 1 2"]) assert.equal(parseStat(line), undefined);
});

Deno.test("parsePidFile() reads the boot and the process", () => {
  assert.deepEqual(parsePidFile(`boot-1\n${STAT}\n`), { pid: 42, start: "123456", boot: "boot-1" });
  assert.equal(parsePidFile("boot-1\n"), undefined);
});

Deno.test("alive() tells this process from one that had its pid before", () => {
  const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  const { start } = parseStat(Deno.readTextFileSync("/proc/self/stat"))!;
  assert.equal(alive({ pid: Deno.pid, start, boot }), true);
  assert.equal(alive({ pid: Deno.pid, start: `${Number(start) - 1}`, boot }), false);
  assert.equal(alive({ pid: Deno.pid, start, boot: "another" }), false);
});

Deno.test("run() returns stdout and feeds stdin", async () => {
  assert.equal(await run(["tr", "a", "b"], { stdin: "banana" }), "bbnbnb");
});

Deno.test("run() fails with the program's own words", async () => {
  await assert.rejects(
    run(["sh", "-c", "echo why >&2; exit 3"]),
    (error) => error instanceof ClusterError && /exit code 3\): why$/.test(error.message),
  );
});

Deno.test("run() names a program that is not there", async () => {
  await assert.rejects(run(["no-such-program"]), { message: 'Cannot find the program "no-such-program"' });
});

Deno.test("run() ends the program with the signal", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const running = run(["sleep", "60"], { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(running, reason);
});
