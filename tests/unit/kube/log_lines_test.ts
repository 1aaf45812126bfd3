import assert from "node:assert/strict";
import { LogReader, longestLineBytes } from "../../../src/kube/log_lines.ts";

const captured = (name: string) => Deno.readFileSync(new URL(`../../testdata/logs/${name}.txt`, import.meta.url));
const bytesOf = (text: string) => new TextEncoder().encode(text);

function readIn(bytes: Uint8Array, pieceLength: number) {
  const reader = new LogReader(), entries = [];
  for (let at = 0; at < bytes.length; at += pieceLength) {
    entries.push(...reader.push(bytes.subarray(at, at + pieceLength)));
  }
  entries.push(...reader.end());
  return { entries, errorText: reader.errorText };
}

Deno.test("LogReader reads what a kubelet sends: empty lines, colours, long lines and bytes that are not UTF-8", () => {
  const { entries, errorText } = readIn(captured("whole"), Infinity);
  assert.equal(errorText, undefined);
  const texts = entries.map(({ text }) => text);
  const long = `${"x".repeat(40_000)} second piece`;
  assert.deepEqual(texts.toSorted(), [
    ...["one", "", "caf\ufffd \x1b[31mred\x1b[0m\ttab", "err", long, "behind", "no end"].toSorted(),
  ]);
  const odd = entries.filter(({ base64 }) => base64 !== undefined);
  assert.equal(odd.length, 1);
  assert.equal(atob(odd[0]!.base64!), "caf\xe9 \x1b[31mred\x1b[0m\ttab");
  for (const { time, second, nano } of entries) {
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.equal(second, Date.parse(time.slice(0, 19) + "Z") / 1000);
    assert.equal(nano, Number(time.slice(20, 29)));
  }
});

Deno.test("LogReader reads the same lines in whatever pieces they come", () => {
  const whole = readIn(captured("whole"), Infinity);
  for (const length of [1, 7, 31, 4096]) assert.deepEqual(readIn(captured("whole"), length), whole, `${length}`);
});

Deno.test("LogReader leaves out the rest of a line that began before sinceTime", () => {
  const { entries, errorText } = readIn(captured("since"), Infinity);
  assert.deepEqual(entries.map(({ text }) => text), ["behind", "no end"]);
  assert.equal(errorText, undefined);
});

Deno.test("LogReader.words has the kubelet's own words when they come last", () => {
  const { entries, errorText } = readIn(
    bytesOf("2026-01-01T00:00:00.5Z line\nunable to retrieve container logs for containerd://1"),
    Infinity,
  );
  assert.deepEqual(entries.map(({ text }) => text), ["line"]);
  assert.equal(errorText, "unable to retrieve container logs for containerd://1");
});

Deno.test("LogReader tells the time of a node that has another zone in UTC, with the digits it gave", () => {
  const { entries } = readIn(bytesOf("2026-01-01T00:30:00.25+02:00 a\n2026-01-01T00:30:01+02:00 b\n"), Infinity);
  assert.deepEqual(entries.map(({ time, nano }) => [time, nano]), [
    ["2025-12-31T22:30:00.25Z", 250_000_000],
    ["2025-12-31T22:30:01Z", 0],
  ]);
});

Deno.test("LogReader cuts a line that never ends, counts what it cut, and goes on behind it", () => {
  const reader = new LogReader(), million = bytesOf("x".repeat(1_000_000));
  assert.deepEqual(reader.push(bytesOf("2026-01-01T00:00:00Z ")), []);
  for (let at = 0; at < 10; at++) assert.deepEqual(reader.push(million), []);
  const [long, next] = reader.push(bytesOf("\n2026-01-01T00:00:01Z next\n"));
  assert.equal(long!.text.length, longestLineBytes - "2026-01-01T00:00:00Z ".length);
  assert.equal(long!.text.length + long!.cutBytes!, 10_000_000);
  assert.deepEqual([next!.text, next!.cutBytes], ["next", undefined]);
});
