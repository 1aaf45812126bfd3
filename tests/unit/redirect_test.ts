import assert from "node:assert/strict";
import { localAddress, parsePorts } from "../../src/redirect.ts";

Deno.test("parsePorts() reads PORT and PORT:LOCALPORT", () => {
  assert.deepEqual(parsePorts([], "incoming"), []);
  assert.deepEqual(parsePorts(["8080", "1:65535"], "incoming"), [
    { port: 8080, localPort: 8080 },
    { port: 1, localPort: 65535 },
  ]);
  assert.deepEqual(parsePorts(["15010"], "outgoing"), [{ port: 15010, localPort: 15010 }]);
});

const usage = (message: string) => ({ kind: "usage", message });

Deno.test("parsePorts() refuses everything else, and says which", () => {
  for (
    const text of ["0", "65536", "abc", "80:", ":80", "80:0", "80:81:82", "-1", "8e1", " 80", "080808", "0x50", ""]
  ) {
    assert.throws(() => parsePorts(["1", text], "incoming"), usage(`Port "${text}" is none`), text);
  }
  assert.throws(() => parsePorts(["80", "80:81"], "incoming"), usage("Port 80 is given twice"));
  assert.throws(
    () => parsePorts([], "outgoing"),
    usage("Option --outgoing needs the ports whose connections are redirected"),
  );
});

Deno.test("localAddress() is where a port goes on this machine", () => {
  const plan = { incoming: [{ port: 80, localPort: 8089 }], outgoing: [], to: "localhost" };
  assert.equal(localAddress(plan, "incoming", 80), "localhost:8089");
  assert.equal(localAddress({ ...plan, incoming: "all" }, "incoming", 81), "localhost:81");
  assert.equal(
    localAddress({ ...plan, outgoing: [{ port: 5432, localPort: 1 }], to: "::1" }, "outgoing", 5432),
    "[::1]:1",
  );
});
