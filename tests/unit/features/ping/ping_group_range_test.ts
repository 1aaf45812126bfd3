import assert from "node:assert/strict";
import { allowsPing, readIcmpProbe } from "../../../../src/features/ping/ping_group_range.ts";
import { captured } from "./captured_ping.ts";

Deno.test("allowsPing() is true when one of the groups is within the range", () => {
  assert.equal(allowsPing("0\t2147483647\n", [65532]), true);
  assert.equal(allowsPing("1\t0\n", [0, 1]), false, "the kernel's own default");
  assert.equal(allowsPing("100\t200\n", [65532, 200]), true);
  assert.equal(allowsPing("100\t200\n", [99, 201]), false);
  assert.equal(allowsPing("", [0]), false, "no such file");
});

Deno.test("readIcmpProbe() returns undefined where ICMP works, even if packets fail", () => {
  assert.equal(readIcmpProbe("0\t2147483647\n65532\n"), undefined);
  assert.equal(readIcmpProbe("0\t2147483647\n65532\nping: connect: Network is unreachable\n"), undefined);
});

Deno.test("readIcmpProbe() names the setting that forbids ICMP", () => {
  assert.equal(readIcmpProbe("1\t0\n65532 100\n"), 'net.ipv4.ping_group_range is "1 0"');
});

Deno.test("readIcmpProbe() returns ping's error when it cannot open its socket", () => {
  const words = captured("icmp_not_permitted").outputs
    .flatMap((output) => "line" in output ? [output.line.slice(2)] : []);
  const said = readIcmpProbe(["0\t2147483647", "65532", ...words].join("\n"));
  assert.equal(said, "socket: Operation not permitted");
});

Deno.test("readIcmpProbe() returns a reason where the program ping is missing", () => {
  const said = "0\t2147483647\n0\nsh: 1: ping: not found\n";
  assert.equal(readIcmpProbe(said), 'there is no program "ping"');
});
