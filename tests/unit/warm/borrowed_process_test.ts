import assert from "node:assert/strict";
import { BorrowedProcess } from "../../../src/warm/borrowed_process.ts";
import { type Frame, type Hello, type Kind, kinds, type Link, type Wrote } from "../../../src/warm/link.ts";

const hello: Hello = {
  ...{ pid: 1, args: ["pids"], directory: "/", mode: 0o644, env: {}, ageMs: 20 },
  ...{ terminals: { stdin: true, stdout: false, stderr: true }, size: { columns: 90, rows: 30 } },
};

/** A process whose link only remembers what was sent. */
function borrowed(more: Partial<Hello> = {}) {
  const sent: [Kind, string][] = [];
  const send = (kind: Kind, bytes = new Uint8Array()) => void sent.push([kind, new TextDecoder().decode(bytes)]);
  const link = { send, tell: (kind: Kind, value: unknown) => void sent.push([kind, JSON.stringify(value)]) };
  const process = new BorrowedProcess(link as unknown as Link, { ...hello, ...more });
  const take = (kind: Kind, text: string) =>
    process.take({ kind, bytes: new TextEncoder().encode(text) } satisfies Frame as Frame);
  const wrote = (wrote: Wrote) => take(kinds.wrote, JSON.stringify(wrote));
  return { process, sent, take, wrote };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("BorrowedProcess has the terminals, the size and the age of its program", () => {
  const { process, take } = borrowed();
  assert.deepEqual([process.stdin, process.stdout, process.stderr].map((one) => one.isTerminal()), [true, false, true]);
  assert.deepEqual(process.consoleSize(), { columns: 90, rows: 30 });
  assert.ok(process.ageMs >= 20);
  let resized = 0;
  using _listener = process.onSignal("SIGWINCH", () => resized++);
  take(kinds.size, '{"columns":50,"rows":10}');
  assert.deepEqual([process.consoleSize(), resized], [{ columns: 50, rows: 10 }, 1]);
  const { process: none } = borrowed({ size: undefined });
  assert.throws(() => none.consoleSize(), /no terminal/);
});

Deno.test("BorrowedProcess asks for input when it is read, and once", async () => {
  const { process, sent, take } = borrowed();
  const buffer = new Uint8Array(3), first = process.stdin.read(buffer), same = process.stdin.read(new Uint8Array(3));
  assert.deepEqual(sent, [[kinds.read, ""]]);
  take(kinds.input, "abcde");
  assert.deepEqual([await first, new TextDecoder().decode(buffer)], [3, "abc"]);
  await same;
  const reader = process.stdin.readable.getReader(), next = reader.read();
  await Promise.resolve();
  take(kinds.input, "");
  assert.equal((await next).done, true);
});

Deno.test("a write to a terminal waits until it is written, another until much is on its way", async () => {
  const { process, wrote } = borrowed();
  let written = 0;
  const line = process.stderr.write(bytes("line")).then(() => written++);
  await process.stdout.write(bytes("text"));
  assert.equal(written, 0);
  wrote({ stream: "stderr", bytes: 4 });
  await line;
});

Deno.test("a write that failed is thrown by the next one", async () => {
  const { process, wrote } = borrowed();
  await process.stdout.write(bytes("text"));
  wrote({ stream: "stdout", bytes: 4, error: { pipe: true, message: "Broken pipe" } });
  await assert.rejects(process.stdout.write(bytes("text")), Deno.errors.BrokenPipe);
  assert.equal(process.stdout.trouble, undefined);
});

Deno.test("SIGTSTP stops the process unless somebody listens to it; other signals never do", () => {
  const { process, take } = borrowed(), heard: string[] = [];
  assert.equal(take(kinds.signal, "SIGTSTP"), true);
  {
    using _listener = process.onSignal("SIGTSTP", () => heard.push("never"));
    assert.equal(take(kinds.signal, "SIGTSTP"), false);
  }
  assert.equal(take(kinds.signal, "SIGTSTP"), true);
  using _listener = process.onSignal("SIGINT", () => heard.push("SIGINT"));
  assert.equal(take(kinds.signal, "SIGINT"), false);
  assert.deepEqual(heard, ["SIGINT"]);
});
