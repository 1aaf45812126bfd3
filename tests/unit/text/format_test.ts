import assert from "node:assert/strict";
import { address, age, bytes, clock, destination, milliseconds, percent } from "../../../src/text/format.ts";

Deno.test("milliseconds() is as fping prints it", () => {
  assert.deepEqual([0.05, 0.999, 1.2, 12.84, 128, 1500].map(milliseconds), [
    "0.050",
    "0.999",
    "1.20",
    "12.8",
    "128",
    "1500",
  ]);
});

Deno.test("percent() has a decimal only below ten, and says 100 only when all is lost", () => {
  assert.deepEqual([0, 0.42, 9.5, 33.33, 99.99, 100].map(percent), ["0%", "0.4%", "9.5%", "33%", "99%", "100%"]);
});

Deno.test("age() has the two largest units", () => {
  const seconds = [0, 42, 300, 310, 3600 * 3 + 1200, 86400 * 2 + 3600 * 4, -5];
  assert.deepEqual(seconds.map((one) => age(one * 1000)), ["0s", "42s", "5m", "5m10s", "3h20m", "2d4h", "0s"]);
});

Deno.test("clock() counts minutes, and hours when there are some", () => {
  assert.deepEqual([0, 83_000, 3_723_000].map(clock), ["00:00", "01:23", "1:02:03"]);
});

Deno.test("bytes() has at most three digits and a binary unit", () => {
  assert.deepEqual([0, 999, 4096, 831488, 12_897_485, 5 * 2 ** 30].map(bytes), [
    "0B",
    "999B",
    "4.0K",
    "812K",
    "12.3M",
    "5.0G",
  ]);
});

Deno.test("destination() says where a pod is, and the port of a TCP ping", () => {
  const web = { pod: "web", namespace: "demo", address: "10.0.0.1", node: "node1" };
  assert.equal(destination(web), "demo/web (10.0.0.1 on node1)");
  assert.equal(destination({ ...web, protocol: "tcp", port: 8080 }), "demo/web (10.0.0.1 tcp/8080 on node1)");
  assert.equal(destination({ address: "db", protocol: "tcp", port: 80 }), "db tcp/80");
  assert.equal(address({ address: "db\x1b[2J" }), "db\\x1b[2J");
});
