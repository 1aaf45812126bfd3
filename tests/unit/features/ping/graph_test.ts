import assert from "node:assert/strict";
import { graphRenderer } from "../../../../src/features/ping/graph.ts";
import { LiveScreen } from "../../../../src/text/live_screen.ts";
import { memoryScreen } from "../screen_golden.ts";
import { scene } from "./scene.ts";

async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < limit, `waited 5 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("graphRenderer() draws on the alternate screen and restores the terminal before the summary", async () => {
  const { screen, text } = memoryScreen(80, 24);
  const graph = graphRenderer(screen, { onQuit: () => {} });
  for (const event of scene(3, 10)) graph.event(event);
  graph.event({
    type: "ping.summary",
    time: "2026-01-01T00:00:00Z",
    address: "10.0.0.1",
    sent: 1,
    received: 1,
    lost: 0,
    unsent: 0,
    lossPercent: 0,
  });
  await until(() => text().includes("3 targets"), "a frame");
  graph.end();
  const [live = "", after = ""] = text().split("\x1b[?1049l");
  assert.ok(live.startsWith("\x1b[?2026h\x1b[?1049h\x1b[?25l"));
  assert.ok(live.endsWith("\x1b[?7h\x1b[?25h"));
  assert.match(after, /^NAME .*\n10\.0\.0\.1 .*\n$/);
});

Deno.test("graphRenderer() draws at most ten frames a second, each in one write", async () => {
  const { screen, written } = memoryScreen(80, 24);
  const graph = graphRenderer(screen, { onQuit: () => {} });
  const start = Date.now();
  let seq = 0;
  await until(() => {
    graph.event({
      type: "ping.reply",
      time: new Date().toISOString(),
      address: "10.0.0.1",
      seq: seq++,
      rttMs: seq % 9 + 1,
    });
    return Date.now() - start > 450;
  }, "the time to pass");
  const took = Date.now() - start;
  graph.end();
  const frames = written.filter((text) => text.startsWith("\x1b[?2026h"));
  assert.ok(frames.length >= 2 && frames.length <= took / 100 + 2, `${frames.length} frames in ${took} ms`);
  assert.ok(frames.every((text) => text.endsWith("\x1b[?2026l")));
});

Deno.test("graphRenderer() moves the selection with the keys and quits with q", async () => {
  const { screen, text, written } = memoryScreen(100, 12);
  let quits = 0;
  const graph = graphRenderer(screen, { onQuit: () => quits++ });
  for (const event of scene(20, 10)) graph.event(event);
  await until(() => text().includes("▸"), "a frame");
  const marked = () => / ▸. (\S+)/.exec(written.findLast((one) => one.includes("▸")) ?? "")?.[1];
  const first = marked();
  graph.key?.("down");
  assert.notEqual(marked(), first);
  graph.key?.("up");
  assert.equal(marked(), first);
  graph.key?.("end");
  assert.match(written.at(-1) ?? "", /… \d+ above(?!,)/);
  assert.equal(quits, 0);
  graph.key?.("q");
  assert.equal(quits, 1);
  graph.end();
});

Deno.test("graphRenderer() redraws at once after a change of the window size", async () => {
  const { screen, written, size } = memoryScreen(80, 24);
  const graph = graphRenderer(screen, { onQuit: () => {} });
  for (const event of scene(3, 10)) graph.event(event);
  await until(() => written.length > 0, "a frame");
  Object.assign(size, { columns: 40, rows: 10 });
  graph.resize?.();
  assert.ok(written.at(-1)?.includes("\x1b[2J"));
  graph.end();
});

Deno.test("graphRenderer() ends without a frame and leaves no trace", () => {
  const { screen, text } = memoryScreen(80, 24);
  graphRenderer(screen, { onQuit: () => {} }).end();
  assert.equal(text(), "");
});

Deno.test("LiveScreen.draw() writes only the lines that changed", () => {
  const { screen, written } = memoryScreen(80, 24);
  const live = new LiveScreen(screen);
  live.draw(() => ["a", "b", "c"]);
  live.draw(() => ["a", "B", "c"]);
  assert.equal(written[1], "\x1b[?2026h\x1b[2;1H\x1b[2KB\x1b[?2026l");
  live.draw(() => ["a", "B", "c"]);
  assert.equal(written.length, 2);
  live.draw(() => ["a"]);
  assert.ok(!written[2]?.includes("B"));
  assert.ok(written[2]?.includes("\x1b[2;1H\x1b[2K\x1b[3;1H\x1b[2K"));
});
