import assert from "node:assert/strict";
import { pingFrame, type View } from "../../../../src/features/ping/ping_frame.ts";
import { applyEvent, newPingState, type PingState, worstFirst } from "../../../../src/features/ping/ping_state.ts";
import { assertFits, golden } from "../screen_golden.ts";
import { numbers, scene } from "./scene.ts";

function state(count: number, rounds: number): PingState {
  const created = newPingState();
  for (const event of scene(count, rounds)) applyEvent(created, event);
  return created;
}

function view(columns: number, rows: number, more: Partial<View> = {}): View {
  return { columns, rows, color: false, elapsedMs: 83_000, ...more };
}

for (const [columns, rows] of [[80, 24], [200, 50], [20, 5], [1, 1]] as const) {
  for (const count of [1, 3, 60]) {
    Deno.test(`pingFrame() draws ${count} at ${columns}×${rows} as in the golden file`, () => {
      const lines = pingFrame(state(count, 40), view(columns, rows));
      assertFits(lines, columns, rows);
      golden(`frame_${count}_at_${columns}x${rows}.txt`, lines);
    });
  }
}

Deno.test("pingFrame() fits any window, with and without colour", () => {
  const next = numbers(7);
  const states = [0, 1, 2, 3, 9, 60, 300].map((count) => state(count, 30));
  for (let round = 0; round < 400; round++) {
    const [columns, rows] = [Math.floor(next() * 220), Math.floor(next() * 60)];
    const shown = states[Math.floor(next() * states.length)]!;
    const keys = [...shown.targets.keys()];
    const selected = keys[Math.floor(next() * keys.length)];
    const color = next() < 0.5;
    assertFits(
      pingFrame(shown, view(columns, rows, { color, ...(selected === undefined ? {} : { selected }) })),
      columns,
      rows,
    );
  }
});

Deno.test("pingFrame() distinguishes lost, not sent, gone, waiting and losing without colour", () => {
  const text = pingFrame(state(8, 40), view(100, 30)).join("\n");
  for (
    const row of [/◐ cart.*×/, /× payments.*××.*lost +- +- +100%/, /○ dns.*○○.*unsent/, /- web.*gone/, /· cart.*wait/]
  ) {
    assert.match(text, row);
  }
});

Deno.test("pingFrame() scrolls to the selected row", () => {
  const many = state(60, 40);
  for (const key of worstFirst(many)) {
    const lines = pingFrame(many, view(80, 12, { selected: key }));
    const name = many.targets.get(key)?.destination.pod ?? "";
    assert.match(lines.find((line) => line.startsWith(" ▸")) ?? "", new RegExp(`${name.slice(-5)} `));
  }
});

Deno.test("pingFrame() charts the selected target", () => {
  const three = state(3, 40);
  const [, second = ""] = worstFirst(three);
  const name = three.targets.get(second)?.destination.pod ?? "";
  assert.ok(pingFrame(three, view(80, 24, { selected: second })).includes(` ${name}  10.244.1.3 on node2`));
});

Deno.test("pingFrame() escapes control characters in names", () => {
  const evil = newPingState();
  const destination = { address: "10.0.0.1", namespace: "demo", pod: "a\x1b[2Jb", node: "n\r\nn" };
  applyEvent(evil, { type: "ping.reply", time: "2026-01-01T00:00:00Z", ...destination, seq: 0, rttMs: 1 });
  applyEvent(evil, { type: "failed", time: "2026-01-01T00:00:00Z", subject: "x\x07", reason: "y\x9bz" });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(pingFrame(evil, view(80, 24)).join(""), /[\x00-\x1f\x7f-\x9f]/);
});

Deno.test("pingFrame() draws a thousand targets in a few milliseconds", () => {
  const thousand = state(1000, 60);
  const order = worstFirst(thousand);
  pingFrame(thousand, view(200, 50, { order }));
  const times = Array.from({ length: 10 }, () => {
    const before = performance.now();
    pingFrame(thousand, view(200, 50, { order }));
    return performance.now() - before;
  });
  // The fastest of ten, as the machine may be busy.
  assert.ok(Math.min(...times) < 50, `${times.map((time) => time.toFixed(1))} ms`);
});
