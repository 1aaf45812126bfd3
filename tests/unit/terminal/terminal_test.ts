import assert from "node:assert/strict";
import { ClosedPipe, onOutput, readKeys, writeAll, writeAllAsync } from "../../../src/terminal/terminal.ts";

for (
  const [sent, keys] of [
    ["q", ["q"]],
    ["\x1b[A", ["up"]],
    ["\x1bOA", ["up"]],
    ["\x1b[B", ["down"]],
    ["\x1bOB", ["down"]],
    ["\x1b[H", ["home"]],
    ["\x1bOH", ["home"]],
    ["\x1b[1~", ["home"]],
    ["\x1b[F", ["end"]],
    ["\x1b[5~\x1b[6~", ["pageup", "pagedown"]],
    ["\x1bOF", ["end"]],
    ["\x1b[4~", ["end"]],
    ["\x1b[A\x1b[Aq\x1b[B", ["up", "up", "q", "down"]],
    ["jk", ["j", "k"]],
    ["é漢🙂", ["é", "漢", "🙂"]],
    // Unnamed keys and control characters are ignored.
    ["\x1b[C", []],
    ["\x1b[1;5A", []],
    ["\x1b[3~q", ["q"]],
    ["\x1bOP", []],
    ["\x1b", []],
    ["\r\n\t\x7f\x03", []],
    ["", []],
  ] as [string, string[]][]
) {
  Deno.test(`readKeys() reads ${JSON.stringify(sent)} as ${keys.join(", ") || "nothing"}`, () => {
    assert.deepEqual(readKeys(sent), keys);
  });
}

/** Makes a writer that takes at most three bytes at a time, like a pipe that is nearly full. */
function slowWriter() {
  const written: number[] = [];
  const writeSync = (bytes: Uint8Array) => {
    written.push(...bytes.subarray(0, 3));
    return Math.min(3, bytes.length);
  };
  return { written, writeSync, write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)) };
}

const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5, 6]);

Deno.test("writeAll() writes what one call did not take", () => {
  const writer = slowWriter();
  writeAll(writer, bytes);
  assert.deepEqual(writer.written, [...bytes]);
});

Deno.test("onOutput() calls back before the output is written, so that a killed run has recorded all that was seen", () => {
  const order: string[] = [], { writeSync } = Deno.stdout;
  onOutput(() => order.push("recorded"));
  Deno.stdout.writeSync = ({ length }) => {
    order.push("written");
    return length;
  };
  try {
    writeAll(Deno.stdout, bytes);
  } finally {
    Deno.stdout.writeSync = writeSync;
    onOutput(() => {});
  }
  assert.deepEqual(order, ["recorded", "written"]);
});

Deno.test("writeAllAsync() writes what one call did not take", async () => {
  const writer = slowWriter();
  await writeAllAsync(writer, bytes);
  assert.deepEqual(writer.written, [...bytes]);
});

Deno.test("writeAll() and writeAllAsync() throw ClosedPipe when nobody reads", async () => {
  const { stdin } = await brokenPipe();
  const broken = {
    writeSync() {
      throw new Deno.errors.BrokenPipe();
    },
  };
  assert.throws(() => writeAll(broken, bytes), ClosedPipe);
  await assert.rejects(writeAllAsync(stdin, new Uint8Array(1 << 20)), ClosedPipe);
  const full = new Error("disk full");
  const failing = {
    writeSync() {
      throw full;
    },
  };
  const told = { name: "ScopeError", kind: "unreachable", message: "Cannot write the output", hint: "disk full" };
  assert.throws(() => writeAll(failing, bytes), told, "any other failure is told, and is no bug");
  const gone = {
    writeSync() {
      throw new Error("Input/output error (os error 5)");
    },
  };
  assert.throws(() => writeAll(gone, bytes), ClosedPipe, "a terminal that has gone");
});

/** Makes a real pipe whose reader has gone. */
async function brokenPipe() {
  const child = new Deno.Command("true", { stdin: "piped" }).spawn();
  await child.status;
  const writer = child.stdin.getWriter();
  return { stdin: { write: (bytes: Uint8Array<ArrayBuffer>) => writer.write(bytes).then(() => bytes.length) } };
}
