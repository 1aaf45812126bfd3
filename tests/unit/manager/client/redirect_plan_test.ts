import assert from "node:assert/strict";
import { localAddress } from "../../../../src/manager/client/redirect_plan.ts";

Deno.test("localAddress() is where a port goes on this machine", () => {
  const plan = { incoming: [{ port: 80, localPort: 8089 }], outgoing: [], to: "localhost" };
  assert.equal(localAddress(plan, "incoming", 80), "localhost:8089");
  assert.equal(localAddress({ ...plan, incoming: "all" }, "incoming", 81), "localhost:81");
  assert.equal(
    localAddress({ ...plan, outgoing: [{ port: 5432, localPort: 1 }], to: "::1" }, "outgoing", 5432),
    "[::1]:1",
  );
});
