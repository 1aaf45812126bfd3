import assert from "node:assert/strict";
import { LogPosition } from "../../../../src/features/logs/log_position.ts";

interface Line {
  second: number;
  nano: number;
  text: string;
}

/** Returns lines of a log: several have the same time, and some come before older ones. */
function log(count: number, from = 1000): Line[] {
  return Array.from({ length: count }, (_, at) => ({
    second: from + Math.floor(at / 7),
    nano: at % 7 === 3 ? 5 : Math.floor(at / 2) % 3 * 10,
    text: `line ${at}`,
  }));
}

/** Returns the lines that a server sends, which compares whole seconds only. */
function sent(lines: readonly Line[], since: string | undefined): readonly Line[] {
  const second = since === undefined ? -Infinity : Date.parse(since) / 1000;
  return lines.filter((line) => line.second >= second);
}

function takeAll(position: LogPosition, lines: readonly Line[]): string[] {
  return lines.filter((line) => position.take(line) === "fresh").map(({ text }) => text);
}

Deno.test("LogPosition.take() takes each line once, wherever a stream is cut", () => {
  const lines = log(60);
  for (let first = 1; first < lines.length; first++) {
    for (const second of [first, first + 1, first + 9]) {
      const position = new LogPosition(), taken = takeAll(position, lines.slice(0, first));
      for (const end of [second, lines.length]) {
        const since = position.since;
        position.resume();
        taken.push(...takeAll(position, sent(lines.slice(0, end), since)));
      }
      assert.deepEqual(taken, lines.map(({ text }) => text), `cut at ${first} and ${second}`);
    }
  }
});

Deno.test("LogPosition.since asks from before the last line on, in whole seconds", () => {
  const position = new LogPosition();
  assert.equal(position.since, undefined);
  position.take({ second: Date.parse("2026-01-01T00:00:05Z") / 1000, nano: 999_999_999 });
  assert.equal(position.since, "2026-01-01T00:00:04Z");
});

Deno.test("LogPosition.startAfter() leaves out a line and all before it, and nothing behind", () => {
  const lines = log(30), position = new LogPosition();
  position.startAfter(lines[20]!);
  const since = position.since;
  position.resume();
  // Lines with the same time cannot be distinguished: those after the given one count as new.
  const texts = takeAll(position, sent(lines, since));
  assert.deepEqual(texts.slice(-9), lines.slice(21).map(({ text }) => text));
});

Deno.test("LogPosition.take() says when the last line seen does not come again, and takes nothing before it is trusted", () => {
  const position = new LogPosition(), [first, second] = [{ second: 10, nano: 1 }, { second: 10, nano: 2 }];
  position.take(first);
  position.resume();
  assert.equal(position.take(second), "foreign");
  assert.equal(position.take(second), "foreign");
  position.trust();
  assert.equal(position.take(second), "fresh");
});

Deno.test("LogPosition.take() knows a log by what stands before its first line: with tailLines a long line begins later", () => {
  const position = new LogPosition();
  position.take({ second: 10, nano: 500 });
  position.resume();
  assert.equal(position.take({ second: 10, nano: 100 }), "seen");
  assert.equal(position.take({ second: 10, nano: 600 }), "fresh");
});

Deno.test("LogPosition.otherLog() expects nothing again, and still takes no line twice", () => {
  const position = new LogPosition();
  position.take({ second: 10, nano: 1 });
  position.otherLog();
  position.resume();
  assert.equal(position.take({ second: 10, nano: 2 }), "fresh");
  position.otherLog();
  position.resume();
  assert.equal(position.take({ second: 10, nano: 2 }), "seen");
  assert.equal(position.take({ second: 10, nano: 3 }), "fresh");
});
