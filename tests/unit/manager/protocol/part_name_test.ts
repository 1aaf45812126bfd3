import assert from "node:assert/strict";
import { isPart, partName } from "../../../../src/manager/protocol/part_name.ts";

Deno.test("partName() stands beside the file, and isPart() knows it again", () => {
  assert.equal(partName("app.log"), ".app.log.scope-part");
  assert.ok(isPart(partName("app.log")));
  assert.ok(!isPart("app.log") && !isPart("app.scope-part") && !isPart(".app"));
});

Deno.test("partName() is never longer than a file system takes, whatever a character takes", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  assert.equal(partName("x".repeat(255)).length, 255);
  const name = partName("ü".repeat(127), bytes);
  assert.ok(bytes(name) <= 255 && name.startsWith(".üü"), name);
});
