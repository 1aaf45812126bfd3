import assert from "node:assert/strict";
import { hpingLine, hpingSummary } from "../../../../src/features/hping/text.ts";

const about = {
  time: "2026-01-01T00:00:00.000Z",
  address: "10.0.0.9",
  pod: "db",
  namespace: "data",
  node: "node1",
} as const;

Deno.test("hpingLine() is hping3's own line, after the destination", () => {
  const text = "len=44 ip=10.0.0.9 seq=0";
  const where = "data/db (10.0.0.9 on node1)";
  assert.equal(hpingLine({ type: "hping.reply", ...about, from: "10.0.0.9", text }, false), `${where}: ${text}`);
  assert.equal(hpingLine({ type: "hping.line", ...about, text: "a\x1bb" }, false), `${where}: a\\x1bb`);
});

Deno.test("hpingSummary() has a row for each destination, without times where nothing was received", () => {
  const rows = hpingSummary(
    [
      { type: "hping.summary", ...about, sent: 4, received: 3, minMs: 0.1, avgMs: 1.5, maxMs: 20 },
      { type: "hping.summary", time: about.time, address: "example.com", sent: 1, received: 0 },
    ],
    Infinity,
    false,
  ).map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(rows, [
    ["NAME", "NODE", "ADDRESS", "SENT", "RECEIVED", "LOSS", "MIN/ms", "AVG/ms", "MAX/ms"],
    ["data/db", "node1", "10.0.0.9", "4", "3", "25%", "0.100", "1.50", "20.0"],
    ["example.com", "-", "example.com", "1", "0", "100%", "-", "-", "-"],
  ]);
  assert.deepEqual(hpingSummary([], 80, false), []);
});
