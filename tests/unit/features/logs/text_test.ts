import assert from "node:assert/strict";
import type { Event, LogLine, LogSelected } from "../../../../src/event.ts";
import { LogText, noticeText } from "../../../../src/features/logs/text.ts";
import type { LogNotice, LogOutput } from "../../../../src/features/logs/text.ts";
import { textRenderer } from "../../../../src/cli/text.ts";
import { memoryScreen } from "../screen_golden.ts";

const time = "2026-01-01T00:00:00.5Z";
const selected = (pods: Record<string, string[]>, more = true): LogSelected => ({
  type: "log.selected",
  time,
  namespace: "shop",
  pods: Object.entries(pods).map(([pod, containers]) => ({ pod, containers })),
  follow: true,
  more,
});
const line = (pod: string, container: string, text: string, rest: Partial<LogLine> = {}): LogLine => ({
  type: "log.line",
  time,
  namespace: "shop",
  pod,
  container,
  text,
  ...rest,
});

function shown(events: readonly LogOutput[], columns = Infinity, color = false, times = false): string {
  const { screen, text } = memoryScreen(columns, 24, color);
  const logs = new LogText(screen, times);
  for (const event of events) logs.event(event);
  return text();
}

Deno.test("LogText names whoever wrote a line by what tells them apart", () => {
  const one = line("web-1", "main", "hello");
  assert.equal(shown([selected({ "web-1": ["main"] }, false), one]), "hello\n");
  assert.equal(shown([selected({ "web-1": ["main"] }), one]), "web-1 | hello\n");
  assert.equal(shown([selected({ "web-1": ["main", "proxy"] }, false), one]), "main | hello\n");
  assert.equal(shown([selected({ "web-1": ["main", "proxy"] }), one]), "web-1 main | hello\n");
});

Deno.test("LogText puts lines below each other on a terminal, and shortens names on a narrow one", () => {
  const events = [selected({ "web-1": ["main"], "payments-1": ["main"] }), line("web-1", "main", "hello")];
  assert.equal(shown(events, 80), "web-1      | hello\n");
  assert.equal(shown(events, 20), "web-1    | hello\n");
  assert.equal(shown([...events, line("payments-1", "main", "x")], 20).split("\n")[1], "paym…s-1 | x");
});

Deno.test("LogText gives each pod a colour of its own", () => {
  const events = [selected({ a: ["m"], b: ["m"] }), line("a", "m", "1"), line("b", "m", "2"), line("a", "m", "3")];
  const [first, second, third] = shown(events, 80, true).split("\n").map((each) => each.slice(0, 5));
  assert.notEqual(first, second);
  assert.equal(first, third);
});

Deno.test("LogText keeps tabs and colours, and escapes what else drives a terminal", () => {
  const hostile = "\x1b[31mred\x1b[0m\tx\x1b]0;t\x07\x1b[2J\u202e\r";
  const events = [selected({ a: ["m"] }, false), line("a", "m", hostile)];
  assert.equal(shown(events), "red\tx\\x1b]0;t\\x07\\x1b[2J\\u{202e}\n");
  assert.equal(shown(events, 80, true), "\x1b[31mred\x1b[0m\tx\\x1b]0;t\\x07\\x1b[2J\\u{202e}\x1b[0m\n");
});

Deno.test("LogText gives a program the bytes as they came, and a name before them only where it is needed", () => {
  const { screen, text } = memoryScreen(Infinity, Infinity, false, true);
  const logs = new LogText(screen, false);
  const base64 = btoa("caf\xe9\r");
  const hostile = line("a", "m", "\x1b[31mred\x1b[0m\t\u200d\u202e\x07\r");
  for (const event of [selected({ a: ["m"] }), hostile, line("a", "m", "caf\ufffd\r", { base64 })]) logs.event(event);
  assert.equal(text(), "a | \x1b[31mred\x1b[0m\t\u200d\u202e\x07\r\na | caf\xe9\r\n");
});

Deno.test("LogText gives a program no end of a line that was not there, and begins the next one on its own", () => {
  const events = [selected({ a: ["m"] }, false), line("a", "m", "x", { unended: true }), line("a", "m", "y")];
  const shownTo = (forProgram: boolean) => {
    const { screen, text } = memoryScreen(forProgram ? Infinity : 80, 24, false, forProgram);
    const logs = new LogText(screen, false);
    for (const event of [...events, line("a", "m", "z", { unended: true })]) logs.event(event);
    return text();
  };
  assert.equal(shownTo(true), "x\ny\nz");
  assert.equal(shownTo(false), "x\ny\nz\n");
});

Deno.test("LogText shows bytes that are not UTF-8 as they are written in C, and how much of a line is missing", () => {
  const base64 = btoa("caf\xe9 \xc3\xa9");
  const events = [selected({ a: ["m"] }, false), line("a", "m", "caf\ufffd é", { base64, cutBytes: 5 })];
  assert.equal(shown(events), "caf\\xe9 é … (5 more bytes)\n");
});

Deno.test("LogText begins no line of a log behind an unfinished one of the command", () => {
  const output = (text: string): Event => ({ type: "command.output", time, text });
  const events = [selected({ a: ["m"] }), output("50%"), line("a", "m", "x"), output("100%\n"), line("a", "m", "y")];
  assert.equal(shown(events as LogOutput[]), "50%\na | x\n100%\na | y\n");
});

Deno.test("LogText finds the start of a line on a terminal that a command writes to itself", () => {
  const started = { type: "command.started", time, pid: 1, onTerminal: true } as const;
  const events = [selected({ a: ["m"] }), started, line("a", "m", "x")];
  assert.equal(shown(events, 10), `${" ".repeat(9)}\r\x1b[Ka | x\n`);
  assert.equal(shown(events), "a | x\n");
});

Deno.test("LogText with times has the time of each line as the server gave it", () => {
  assert.equal(shown([selected({ a: ["m"] }), line("a", "m", "x")], Infinity, false, true), `a | ${time} x\n`);
});

const name = { time, namespace: "shop", pod: "web\x1b", container: "main" };
const notices: [LogNotice, string][] = [
  [{ type: "log.started", ...name, kind: "container", initial: false }, "web\\x1b main: started"],
  [{ type: "log.restarted", ...name, restarts: 2 }, "web\\x1b main: started again (restart 2)"],
  [{ type: "log.waiting", ...name, reason: "Pending" }, "web\\x1b main: has no logs yet (Pending)"],
  [
    { type: "log.ended", ...name, exitCode: 137, reason: "OOMKilled" },
    "web\\x1b main: ended (OOMKilled, exit code 137)",
  ],
  [{ type: "log.ended", ...name }, "web\\x1b main: ended"],
  [
    { type: "log.gone", time, namespace: "shop", pod: "web", reason: "it was deleted" },
    "web: followed no more: it was deleted",
  ],
  [{ type: "log.lost", ...name, reason: "cut" }, "web\\x1b main: lost its logs, trying again (cut)"],
  [{ type: "log.back", ...name, afterMs: 1234 }, "web\\x1b main: its logs are back after 1.2 s"],
];

for (const [event, expected] of notices) {
  Deno.test(`noticeText() says ${expected}`, () => assert.equal(noticeText(event), expected));
}

Deno.test("textRenderer() prints lines of logs", () => {
  const { screen, text } = memoryScreen();
  const renderer = textRenderer(screen);
  for (const event of [selected({ a: ["m"] }, false), line("a", "m", "x")]) renderer.event(event);
  renderer.end();
  assert.equal(text(), "x\n");
});
