import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import {
  canonicalAddress,
  fpingArguments,
  gapMs,
  replyTimeoutMs,
} from "../../../../src/features/ping/fping_arguments.ts";

Deno.test("gapMs() fits a round into the period and is no smaller than needed", () => {
  assert.equal(gapMs(2, 1000), 10);
  assert.equal(gapMs(60, 1000), 10);
  assert.equal(gapMs(1001, 1000), 0.599);
  assert.equal(gapMs(101, 100), 0.593);
  assert.equal(gapMs(6000, 1000), 0.017);
  for (const targets of [1, 2, 50, 200, 1000, 5000]) assert.ok(gapMs(targets, 1000) * targets < 1000);
});

Deno.test("replyTimeoutMs() is at least a second and at most two", () => {
  assert.deepEqual([10, 200, 1000, 1500, 60_000].map(replyTimeoutMs), [1000, 1000, 1000, 1500, 2000]);
});

Deno.test("fpingArguments() counts with -c and runs for ever with -l, never both", () => {
  assert.ok(!fpingArguments(["a"], 3, 1000).includes("-l"));
  assert.ok(!fpingArguments(["a"], 0, 1000).includes("-c"));
});

Deno.test("fpingArguments() separates a host with a dash from the options", () => {
  const argv = fpingArguments(["-f"], 1, 1000);
  assert.ok(argv.indexOf("--") < argv.indexOf("-f"));
});

Deno.test("fpingArguments() refuses more packets a second than fping has sequence numbers for", () => {
  const addresses = Array.from({ length: 1001 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  assert.equal(fpingArguments(addresses, 0, 1000).length, 10 + 1001);
  assert.throws(() => fpingArguments(addresses, 0, 100), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.equal(error.exitCode, 64);
    assert.match(error.hint ?? "", /interval of 0\.17 s or more/);
    return true;
  });
});

Deno.test("canonicalAddress() gives IPv6 one spelling and leaves the rest alone", () => {
  assert.equal(canonicalAddress("FD77:0:0::2"), canonicalAddress("fd77::2"));
  assert.deepEqual(["10.0.0.1", "db.demo", "fe80::1%eth0"].map(canonicalAddress), [
    "10.0.0.1",
    "db.demo",
    "fe80::1%eth0",
  ]);
});
