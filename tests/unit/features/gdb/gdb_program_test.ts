import assert from "node:assert/strict";
import { backtraceTool } from "../../../../src/features/gdb/tool.ts";

const script = new URL("../../../../src/images/endoscope/gdb.py", import.meta.url).pathname;

/** True if gdb, which runs the image's gdb.py, or gcc, which compiles its target, is missing. */
const missing = ["gdb", "gcc"].some((program) => {
  try {
    return !new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return true;
  }
});

/** Code with debugging information: a thread whose name the kernel cuts within a character, and a function in UTF-8. */
const named = String.raw`
#include <sys/prctl.h>
int waits(int) __asm__("a\377b");
int __attribute__((noinline)) größe(int länge) { return waits(länge) + 1; }
int main(void) {
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  prctl(PR_SET_NAME, "arbeiter-fädeä");
  return größe(3) + 1;
}
`;
/** Code without debugging information: the symbol of its function is no valid text. */
const unnamed = String.raw`
#include <stdio.h>
#include <unistd.h>
int waits(int) __asm__("a\377b");
int waits(int length) {
  puts("ready");
  fflush(stdout);
  for (;;) pause();
  return length;
}
`;

async function gcc(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("gcc", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test({
  name: "gdb.py prints the stack of a program whose names are not ASCII, or no valid text, without a locale",
  ignore: missing,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      const program = `${directory}/target`;
      await Deno.writeTextFile(`${program}.c`, named);
      await Deno.writeTextFile(`${program}_unnamed.c`, unnamed);
      await gcc("-c", "-o", `${program}.o`, `${program}_unnamed.c`);
      await gcc("-g", "-o", program, `${program}.c`, `${program}.o`);
      await using target = new Deno.Command(program, { stdout: "piped" }).spawn();
      const reader = target.stdout.getReader();
      await reader.read(); // the target has reached its endless pause
      const [gdb = "", ...args] = backtraceTool(target.pid).argv.map((word) =>
        word.replace("/opt/scope/gdb.py", script)
      );
      const env = { PATH: Deno.env.get("PATH") ?? "", HOME: directory };
      const { code, stdout, stderr } = await new Deno.Command(gdb, { args, env, clearEnv: true }).output();
      const problem = new TextDecoder().decode(stderr);
      assert.equal(code, 0, problem);
      const [thread, summary] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(thread.name, "arbeiter-fäde\ufffd");
      const frames = thread.frames as { function?: string; arguments?: unknown }[];
      const at = frames.findIndex((frame) => frame.function === "größe");
      assert.ok(at > 0, JSON.stringify(frames));
      assert.equal(frames[at - 1]?.function, undefined, "a name that is no text");
      assert.deepEqual(frames[at]?.arguments, [{ name: "länge", value: "3" }]);
      assert.equal(frames[at + 1]?.function, "main");
      assert.equal(thread.problem, undefined);
      assert.ok(summary.stoppedMs > 0);
      await reader.cancel();
      target.kill();
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
