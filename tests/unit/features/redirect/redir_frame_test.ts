import assert from "node:assert/strict";
import type { Event } from "../../../../src/event.ts";
import { redirFrame, type RedirView } from "../../../../src/features/redirect/redir_frame.ts";
import { applyRedir, newRedirState, type RedirState } from "../../../../src/features/redirect/redir_state.ts";
import { at, ended, opened, outgoing, started, traffic, web } from "./redir_events.ts";
import { assertFits, golden } from "../screen_golden.ts";
import { numbers } from "../ping/scene.ts";

function after(...events: Event[]): RedirState {
  const state = newRedirState();
  for (const event of events) applyRedir(state, event);
  return state;
}

function view(columns: number, rows: number, more: Partial<RedirView> = {}): RedirView {
  return {
    columns,
    rows,
    color: false,
    now: Date.parse(at(9)),
    elapsedMs: 83_000,
    scrolled: 0,
    busiest: false,
    ...more,
  };
}

/** Returns the frame with its times of day masked, because they are local. */
const shown = (state: RedirState, seen: RedirView) =>
  redirFrame(state, seen).map((line) => line.replace(/\d\d:\d\d:\d\d/, "hh:mm:ss"));

/** A pod with two open connections, some with each kind of end, and a last one that this machine did not accept. */
const alone: Event[] = [
  started({ kept: 3 }),
  opened(1, { time: at(3) }),
  opened(2, { ...outgoing, time: at(6) }),
  ended(3),
  ended(4, { from: "[fd00:10:244:0:1:2:3:4]:40000", ended: "reset", reason: "by the client" }),
  ended(5, { ...outgoing }),
  ended(6, { servedBy: "pod", probe: true }),
  ended(7, { time: at(8), servedBy: "pod", reason: "localhost:8089 refused" }),
  traffic(8, { connection: 1, sentBytes: 2000, receivedBytes: 6_000_000 }),
];

/** Twelve pods: the first is lost, the second has left. */
const many: Event[] = [
  ...Array.from({ length: 12 }, (_, count) => started({ pod: `web-7d9f8c6b5-x${count + 100}` })),
  ...Array.from({ length: 40 }, (_, count) => opened(count, { pod: `web-7d9f8c6b5-x${count % 12 + 100}` })),
  ...Array.from({ length: 40 }, (_, count) => ended(count + 50, { pod: `web-7d9f8c6b5-x${count % 12 + 100}` })),
  { type: "redir.lost", time: at(5), namespace: "shop", pod: "web-7d9f8c6b5-x100", reason: "no answer for 4 s" },
  { type: "redir.left", time: at(5), namespace: "shop", pod: "web-7d9f8c6b5-x101", reason: "deleted" },
];

for (const [columns, rows] of [[20, 5], [80, 24], [200, 50]] as const) {
  for (const [name, events] of [["one", alone], ["many", many]] as const) {
    Deno.test(`redirFrame() draws ${name} at ${columns}×${rows} as ever`, () => {
      const lines = shown(after(...events), view(columns, rows));
      assertFits(lines, columns, rows);
      golden(`redir_${name}_at_${columns}x${rows}.txt`, lines);
    });
  }
}

Deno.test("redirFrame() fits any window, with and without colour", () => {
  const next = numbers(7);
  const states = [[], [started()], alone, many].map((events) => after(...events));
  const keys = states.flatMap(({ pods }) => [...pods.values()].flatMap(({ ports }) => [...ports.keys()]));
  for (let round = 0; round < 400; round++) {
    const [columns, rows] = [Math.floor(next() * 220), Math.floor(next() * 60)];
    const selected = keys[Math.floor(next() * keys.length * 2)];
    const more = { color: next() < 0.5, busiest: next() < 0.5, scrolled: Math.floor(next() * 60) };
    assertFits(
      redirFrame(
        states[Math.floor(next() * states.length)]!,
        view(columns, rows, { ...more, ...(selected === undefined ? {} : { selected }) }),
      ),
      columns,
      rows,
    );
  }
});

Deno.test("redirFrame() says at its top whether the redirect is up", () => {
  const head = (...events: Event[]) => redirFrame(after(...events), view(80, 24))[0]?.replace(/ +01:23$/, "");
  const lost: Event = { type: "redir.lost", time: at(5), ...web, reason: "no answer" };
  assert.equal(head(), " redir  starting");
  assert.equal(head(started()), " redir  shop/web  ● redirected");
  assert.equal(head(started(), lost), " redir  shop/web  × lost, coming back");
  assert.equal(head(started(), lost, started()), " redir  shop/web  ● redirected");
  assert.equal(head(...many), " redir  12 pods  ● 10 redirected  × 1 lost, coming back  - 1 left");
  assert.match(redirFrame(after(started(), lost), view(20, 5))[0] ?? "", /^ shop\/web × +01:23$/);
});

Deno.test("redirFrame() says what goes wrong, once for all pods that it is the same for", () => {
  const notes = (rows: number, ...events: Event[]) => redirFrame(after(...events), view(120, rows)).slice(2, 6);
  const lost: Event = { type: "redir.lost", time: at(5), ...web, reason: "no answer" };
  assert.equal(notes(24, started(), lost)[0], " connection lost 4s ago (no answer): new connections go to the pod");
  assert.deepEqual(notes(24, ...alone).slice(0, 3), [
    " 8080 was answered by the pod (localhost:8089 refused)",
    " nobody in the pod listens on 9090",
    " 3 connections that were open before stay with the pod; --cut ends them",
  ]);
  assert.deepEqual(notes(40, ...many).slice(0, 3), [
    " shop/web-7d9f8c6b5-x100: connection lost 4s ago (no answer for 4 s): new connections go to the pod",
    " shop/web-7d9f8c6b5-x101: no longer redirected (deleted)",
    " 10 pods: nobody in the pod listens on 9090",
  ]);
  const failed: Event = { type: "failed", time: at(1), subject: "shop/host", reason: "it uses the node's network" };
  assert.equal(notes(24, started(), failed)[0], " shop/host: failed: it uses the node's network");
});

Deno.test("redirFrame() leaves news out after a while, and a trouble that is over sooner", () => {
  const state = after(...many, ...alone, ended(9, { time: at(10) }));
  const text = (seconds: number) => redirFrame(state, view(120, 40, { now: Date.parse(at(seconds)) })).join("\n");
  assert.match(text(12), /no longer redirected/);
  assert.match(text(12), /8080 was answered by the pod/);
  assert.doesNotMatch(text(30), /8080 was answered by the pod/);
  assert.match(text(30), /no longer redirected/);
  assert.doesNotMatch(text(70), /no longer redirected/);
});

Deno.test("redirFrame() shows the connections of the selected port only", () => {
  const state = after(...alone);
  const selected = "shop/web outgoing 15010";
  const text = redirFrame(state, view(120, 30, { selected })).join("\n");
  assert.match(text, /▸● +out 15010/);
  assert.match(text, /● \S+ +10.244.0.5:33000 +10.96.0.10:15010 +localhost:15010/);
  assert.doesNotMatch(text, /:8080 /);
});

Deno.test("redirFrame() keeps the selected port in sight", () => {
  const state = after(...many);
  for (const { ports } of state.pods.values()) {
    for (const selected of ports.keys()) {
      const [pod = "", direction, port] = selected.split(" ");
      const line = redirFrame(state, view(120, 16, { selected })).find((one) => one.startsWith(" ▸"));
      assert.match(line ?? "", new RegExp(`${pod} +${direction === "outgoing" ? "out " : ""}${port} `));
    }
  }
});

Deno.test("redirFrame() scrolls to connections that do not fit", () => {
  const state = after(started(), ...Array.from({ length: 60 }, (_, count) => opened(count + 1)));
  const from = (scrolled: number) =>
    redirFrame(state, view(100, 24, { scrolled })).flatMap((line) => /7:(400\d\d)/.exec(line)?.[1] ?? []);
  assert.equal(from(0)[0], "40060");
  assert.equal(from(10)[0], "40050");
  assert.equal(from(1000).at(-1), "40001");
  assert.equal(from(1000).length, from(0).length);
});

Deno.test("redirFrame() tells open, closed, broken and answered by the pod apart without colour", () => {
  const text = redirFrame(after(...alone), view(200, 40)).join("\n");
  for (
    const row of [
      / ● \S+ +10\.244\.0\.7:40001 .* open/,
      / · \S+ +10\.244\.0\.7:40003 .* closed/,
      / × \S+ +\[fd00:10:244:0:1:2:3:4\]:40000 .* reset +by the client/,
      / ○ \S+ +10\.244\.0\.7:40007 +:8080 +pod .* closed +localhost:8089 refused/,
    ]
  ) {
    assert.match(text, row);
  }
  assert.doesNotMatch(text, /40006/);
});

Deno.test("redirFrame() cannot be driven by names and reasons that hold control characters", () => {
  const evil = "a\x1b[2J\r\n\u202e\x9b";
  const who = { namespace: evil, pod: evil };
  const bad = { from: evil, to: `${evil}:8080`, local: evil };
  const state = after(
    started({ ...who, ports: [{ direction: "incoming", port: 8080, local: evil, listening: false }] }),
    opened(1, { ...who, ...bad }),
    ended(2, { ...who, ...bad, servedBy: "pod", reason: evil }),
    { type: "failed", time: at(5), subject: evil, reason: evil },
  );
  const lost: Event = { type: "redir.lost", time: at(5), ...who, reason: evil };
  for (const event of [undefined, lost]) {
    if (event !== undefined) applyRedir(state, event);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(redirFrame(state, view(200, 40)).join(""), /[\x00-\x1f\x7f-\x9f\u202e]/);
  }
});

Deno.test("redirFrame() draws thousands of open connections in a few milliseconds", () => {
  const state = after(
    ...Array.from({ length: 100 }, (_, count) => started({ pod: `web-${count}` })),
    ...Array.from({ length: 5000 }, (_, count) => opened(count, { pod: `web-${count % 100}` })),
  );
  const times = Array.from({ length: 10 }, () => {
    const before = performance.now();
    redirFrame(state, view(200, 50, { busiest: true }));
    return performance.now() - before;
  });
  // The fastest of ten, because other processes may use the machine meanwhile.
  assert.ok(Math.min(...times) < 50, `${times.map((time) => time.toFixed(1))} ms`);
});
