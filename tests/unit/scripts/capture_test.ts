import assert from "node:assert/strict";
import { tagged, writeCapture } from "../../../scripts/src/capture/capture_file.ts";
import { captured, capturedLines } from "../../../scripts/src/capture/captured.ts";
import { ScriptError } from "../../../scripts/src/lib/errors.ts";
import { TemporaryDirectory } from "../../../scripts/src/lib/temporary.ts";

Deno.test("a capture has the bytes of the output, and the exit code as a shell tells it", async () => {
  const script = String.raw`printf 'caf\351\n'; printf 'no end' >&2; exit 3`;
  assert.deepEqual(await captured(["sh", "-c", script]), { stdout: "caf\xe9\n", stderr: "no end", code: 3 });
  assert.equal((await captured(["sh", "-c", "kill -KILL $$"])).code, 137);
  await assert.rejects(captured(["no-such-program"]), ScriptError);
});

Deno.test("the captured program reads a file, or nothing", async () => {
  assert.equal((await captured(["cat"])).stdout, "");
  assert.match((await captured(["cat"], { stdinFile: import.meta.filename! })).stdout, /reads a file, or nothing/);
});

Deno.test("lines of both streams keep their order", async () => {
  const script = "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; exit 1";
  assert.deepEqual(await capturedLines(["sh", "-c", script]), {
    lines: ["stdout|one", "stderr|two", "stdout|three"],
    code: 1,
  });
});

Deno.test("the file of a capture has a line for each line of the output", () => {
  using directory = new TemporaryDirectory();
  const file = `${directory.path}/case.txt`;
  writeCapture(file, "tool -x", [...tagged("stdout", "caf\xe9\n\nlast"), ...tagged("stderr", "")], 0);
  const bytes = new TextDecoder("latin1").decode(Deno.readFileSync(file));
  assert.equal(bytes, "# tool -x\nstdout|caf\xe9\nstdout|\nstdout|last\nexit|0\n");
});
