import assert from "node:assert/strict";
import { readFile } from "../../../src/terminal/read_file.ts";

Deno.test("readFile() reads a text, and says why it cannot", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a`, "ä\n");
    assert.equal(await readFile(`${folder}/a`), "ä\n");
    await assert.rejects(readFile(`${folder}/b`), { kind: "notFound", message: `Cannot find the file "${folder}/b"` });
    await assert.rejects(readFile(folder), { kind: "usage", message: `Cannot read the file "${folder}"` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
