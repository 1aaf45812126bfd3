import assert from "node:assert/strict";
import type { Event } from "../../../../src/event.ts";
import { redirRenderer } from "../../../../src/features/redirect/redir_live.ts";
import { at, ended, opened, outgoing, started, web } from "./redir_events.ts";
import { memoryScreen } from "../screen_golden.ts";

async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < limit, `waited 5 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function live(events: Event[], columns = 100, rows = 24) {
  const memory = memoryScreen(columns, rows);
  let quits = 0;
  const renderer = redirRenderer(memory.screen, { onQuit: () => quits++ });
  for (const event of events) renderer.event(event);
  return { ...memory, renderer, quits: () => quits };
}

const summary: Event = {
  ...{ type: "redir.summary", time: at(9), ...web, direction: "incoming", port: 8080 },
  ...{ connections: 1, toPod: 0, broken: 0, sentBytes: 1, receivedBytes: 1 },
};

Deno.test("redirRenderer() gives the terminal back before it says how it ended, and the summary", async () => {
  const left: Event = { type: "redir.left", time: at(3), ...web, reason: "deleted" };
  const failed: Event = { type: "failed", time: at(3), subject: "shop/db", reason: "no such pod" };
  const { renderer, text } = live([started(), opened(1), ended(1), left, failed, summary]);
  await until(() => text().includes("shop/web"), "a frame");
  renderer.end();
  const [picture = "", after = ""] = text().split("\x1b[?1049l");
  assert.ok(picture.startsWith("\x1b[?2026h\x1b[?1049h\x1b[?25l"));
  assert.match(
    after,
    /^shop\/web: no longer redirected \(deleted\)\nshop\/db: failed: no such pod\n\nPOD .*\nshop\/web .*\n$/,
  );
});

Deno.test("redirRenderer() draws at most four frames a second, however much comes", async () => {
  const { renderer, written } = live([started()]);
  const start = Date.now();
  let count = 0;
  await until(() => {
    for (let round = 0; round < 50; round++) {
      renderer.event(opened(++count));
      renderer.event(ended(count));
    }
    return Date.now() - start > 900;
  }, "the time to pass");
  const took = Date.now() - start;
  renderer.end();
  const frames = written.filter((text) => text.startsWith("\x1b[?2026h"));
  assert.ok(frames.length >= 2 && frames.length <= took / 250 + 2, `${frames.length} frames in ${took} ms`);
});

Deno.test("redirRenderer() goes through the ports with the keys, from all of them on, and quits with q", async () => {
  const { renderer, text, written, quits } = live([started(), opened(1), opened(2, outgoing)]);
  await until(() => text().includes("15010"), "a frame");
  const key = (name: string) => {
    written.length = 0;
    renderer.key?.(name);
    return / ▸. +((?:out )?\d+)/.exec(written.join(""))?.[1];
  };
  assert.deepEqual(
    ["down", "down", "down", "up", "end", "home", "j", "k"].map(key),
    ["8080", "9090", "out 15010", "9090", "out 15010", undefined, "8080", undefined],
  );
  assert.equal(quits(), 0);
  key("q");
  assert.equal(quits(), 1);
  renderer.end();
});

Deno.test("redirRenderer() scrolls by pages, and puts the busiest first at b", async () => {
  const { renderer, text, written } = live([started(), ...Array.from({ length: 50 }, (_, count) => opened(count + 1))]);
  await until(() => text().includes("40050"), "a frame");
  const first = (name: string) => {
    written.length = 0;
    renderer.key?.(name);
    return /7:(400\d\d)/.exec(written.join(""))?.[1];
  };
  assert.equal(first("pagedown"), "40040");
  assert.equal(first("pageup"), "40050");
  assert.equal(first("pageup"), undefined, "nothing changes at the top");
  renderer.event({
    ...{ type: "redir.traffic", time: new Date().toISOString(), ...web },
    connections: [{ connection: 7, sentBytes: 1, receivedBytes: 1 }],
  });
  assert.equal(first("b"), "40007");
  renderer.end();
});

Deno.test("redirRenderer() takes a new window size at once, and ends without a frame and a trace", async () => {
  const { renderer, written, size } = live([started()]);
  await until(() => written.length > 0, "a frame");
  Object.assign(size, { columns: 20, rows: 5 });
  renderer.resize?.();
  assert.ok(written.at(-1)?.includes("\x1b[2J"));
  renderer.end();
  const quick = live([]);
  quick.renderer.end();
  assert.equal(quick.text(), "");
});
