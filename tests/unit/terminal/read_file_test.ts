import assert from "node:assert/strict";
import { readFile } from "../../../src/terminal/read_file.ts";

Deno.test("readFile() reads a text, and says why it cannot", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/a`, "ä\n");
    assert.equal(await readFile(`${directory}/a`), "ä\n");
    await assert.rejects(readFile(`${directory}/b`), {
      kind: "notFound",
      message: `Cannot find the file "${directory}/b"`,
    });
    await assert.rejects(readFile(directory), { kind: "usage", message: `Cannot read the file "${directory}"` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
