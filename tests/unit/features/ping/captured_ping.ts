import assert from "node:assert/strict";
import type { Event, PingSummary } from "../../../../src/event.ts";
import type { Destination } from "../../../../src/target.ts";
import type { ToolOutput } from "../../../../src/tool.ts";

const directory = new URL("../../../testdata/ping/", import.meta.url);

/** Receive time of every line. */
export const came = "2026-01-01T00:00:00.000Z";

/** Returns a capture of scripts/capture-ping: the command line and its output. */
export function captured(name: string): { command: string; outputs: ToolOutput[] } {
  const [first = "", ...lines] = Deno.readTextFileSync(new URL(`${name}.txt`, directory)).trimEnd().split("\n");
  const outputs = lines.map((text): ToolOutput => {
    const [stream, line = ""] = [text.slice(0, text.indexOf("|")), text.slice(text.indexOf("|") + 1)];
    if (stream === "exit") return { exit: { code: Number(line) } };
    return { stream: stream === "stderr" ? "stderr" : "stdout", line, time: came };
  });
  return { command: first.slice(2), outputs };
}

export function destinationsOf(addresses: readonly (string | Destination)[]): Destination[] {
  return addresses.map((one) => typeof one === "string" ? { address: one } : one);
}

/** Returns the outcome of each packet, in the order of the events. */
export function sequence(events: readonly Event[]): string[] {
  return events.map((e) => "seq" in e ? `${e.type.slice(5)} ${e.seq}` : e.type.replace(/^ping\./, ""));
}

export function summaryOf(events: readonly Event[]): Omit<PingSummary, "type" | "time" | "address"> {
  const found = events.find((event) => event.type === "ping.summary");
  assert.ok(found);
  const { type: _type, time: _time, address: _address, ...rest } = found;
  return rest;
}
