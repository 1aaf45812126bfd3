import assert from "node:assert/strict";
import { parsePingLine, unwrap } from "../../../../src/features/ping/ping_output.ts";
import { parseTcpPingLine } from "../../../../src/features/ping/tcp_ping_output.ts";
import { captured } from "./captured_ping.ts";

/** Returns the lines of a capture, without their labels. */
function linesOf(...names: string[]): string[] {
  return names.flatMap((name) => captured(name).outputs)
    .flatMap((output) => "line" in output ? [output.line.slice(output.line.indexOf("\t") + 1)] : []);
}

function kinds(lines: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of lines) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

Deno.test("parsePingLine() parses every line about a packet", () => {
  const lines = linesOf("icmp_replies", "icmp_loss", "icmp_duplicates", "icmp_unreachable", "icmp_unknown_host");
  const parsed = lines.map(parsePingLine);
  const rest = lines.filter((_, at) => parsed[at]!.kind === "other");
  assert.deepEqual(rest.filter((line) => !/^(|end|PING .*|--- .*|rtt min.*)$/.test(line)), []);
  const counted = (text: string) => lines.filter((line) => line.includes(text)).length;
  const { reply, noAnswer, error, total, about } = kinds(parsed);
  assert.deepEqual([reply, noAnswer], [counted(" bytes from "), counted("no answer yet")]);
  assert.deepEqual([error, total, about], [counted("From"), counted("transmitted"), 1]);
  assert.ok(counted(" bytes from ") > 20 && counted("no answer yet") > 5 && counted("From") > 0);
});

Deno.test("parsePingLine() returns the sender of an ICMP error", () => {
  const line = linesOf("icmp_unreachable").find((line) => line.includes("From"))!;
  const at = Number(/\[([\d.]+)\]/.exec(line)![1]) * 1000;
  const reason = "Destination Host Unreachable from 10.77.0.2";
  assert.deepEqual(parsePingLine(line), { kind: "error", at, icmpSeq: 1, reason });
});

Deno.test("parsePingLine() returns the name that does not resolve, and the reason", () => {
  assert.deepEqual(parsePingLine(linesOf("icmp_unknown_host")[0]!), {
    kind: "about",
    subject: "nowhere.invalid",
    words: "Temporary failure in name resolution",
  });
});

Deno.test("parseTcpPingLine() parses every line of the TCP ping", () => {
  const lines = linesOf("tcp", "tcp_unknown_host").filter((line) => !line.startsWith("exit"));
  const { reply, lost, unsent, unresolved, other } = kinds(lines.map(parseTcpPingLine));
  assert.deepEqual([reply, lost, unsent, unresolved, other], [9, 6, 2, 1, undefined]);
});

for (
  const [printed, newest, expected] of [
    [1, 0, 1],
    [4, 3, 4],
    [3, 4, 3],
    [65535, 65534, 65535],
    [0, 65535, 65536],
    [1, 65536, 65537],
    [65535, 65537, 65535],
    [2, 131073, 131074],
  ] as const
) {
  Deno.test(`unwrap() of ${printed} after ${newest} is ${expected}`, () => {
    assert.equal(unwrap(printed, newest), expected);
  });
}
