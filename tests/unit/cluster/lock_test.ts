import assert from "node:assert/strict";
import { lockFile } from "../../cluster/lock.ts";

Deno.test("lockFile() lets the next one in after the first has let go", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const order: string[] = [];
    const first = await lockFile(`${directory}/lock`, () => {});
    const second = lockFile(`${directory}/lock`, () => {}).then((lock) => {
      order.push("second in");
      lock[Symbol.dispose]();
    });
    order.push("first out");
    first[Symbol.dispose]();
    await second;
    assert.deepEqual(order, ["first out", "second in"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
