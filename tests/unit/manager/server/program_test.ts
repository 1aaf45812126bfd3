import assert from "node:assert/strict";
import { Program } from "../../../../src/manager/server/program.ts";

Deno.test("Program lets a program that waits for its reader end by itself when it is disposed", async () => {
  const directory = await Deno.makeTempDir({ prefix: "scope-program-" });
  try {
    // More output than a pipe holds, and the program ignores signals: if nobody read it, only SIGKILL could end it.
    const script = `trap '' TERM HUP; head -c 300000 /dev/zero; echo done >${directory}/end`;
    const program = new Program({ argv: ["sh", "-c", script], env: {} });
    const first = await program.output[Symbol.asyncIterator]().next();
    assert.equal(first.done, false);
    await program[Symbol.asyncDispose]();
    assert.equal(await Deno.readTextFile(`${directory}/end`), "done\n");
    await program.exit;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
