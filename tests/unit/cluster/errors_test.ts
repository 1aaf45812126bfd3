import assert from "node:assert/strict";
import { ClusterError } from "../../cluster/errors.ts";

Deno.test("ClusterError.text() puts the hint on a line of its own", () => {
  assert.equal(new ClusterError("Cannot do it", "try that").text(), "error: Cannot do it\nhint: try that\n");
  assert.equal(new ClusterError("Cannot do it").text(), "error: Cannot do it\n");
});
