import assert from "node:assert/strict";
import { Pipe } from "../../../../../src/manager/server/redirect/pipe.ts";
import { within } from "../../manager_process.ts";

const many = 3_000_000;

/** Runs a shell script with a pipe's path as `$0`. */
function script(text: string, pipe: Pipe): Deno.ChildProcess {
  return new Deno.Command("sh", { args: ["-c", text, pipe.path], stdin: "null", stdout: "piped" }).spawn();
}

/** Resolves when the script has opened the pipe and has said so, to what it prints after that. */
async function opened(child: Deno.ChildProcess, pipe: Pipe): Promise<{ rest: Promise<string> }> {
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await lines.read();
  pipe.opened();
  const rest = async () => {
    let text = "";
    for (let next = await lines.read(); !next.done; next = await lines.read()) text += next.value;
    await child.status;
    return text;
  };
  return { rest: rest() };
}

Deno.test("Pipe reads what another process writes, up to its end", async () => {
  using pipe = new Pipe("reading");
  const child = script(`exec 3>"$0" && echo && head -c ${many} /dev/zero >&3`, pipe);
  const { rest } = await opened(child, pipe);
  let bytes = 0;
  for (let next = await within(10, pipe.read()); next !== undefined; next = await within(10, pipe.read())) {
    bytes += next.length;
  }
  assert.equal(bytes, many);
  await rest;
});

Deno.test("Pipes that are read at once do not mix", async () => {
  const letters = ["a", "b", "c"];
  await Promise.all(letters.map(async (letter) => {
    using pipe = new Pipe("reading");
    const child = script(`exec 3>"$0" && echo && head -c ${many} /dev/zero | tr '\\0' ${letter} >&3`, pipe);
    const { rest } = await opened(child, pipe);
    for (let next = await pipe.read(); next !== undefined; next = await pipe.read()) {
      assert.equal(next.every((byte) => byte === letter.charCodeAt(0)), true);
    }
    await rest;
  }));
});

Deno.test("Pipe writes to another process, which sees its end", async () => {
  using pipe = new Pipe("writing");
  const child = script('exec 3<"$0" && echo && wc -c <&3', pipe);
  const { rest } = await opened(child, pipe);
  await within(10, pipe.write(new Uint8Array(many)));
  pipe.close();
  assert.equal((await within(10, rest)).trim(), String(many));
});

Deno.test("Pipe: a write ends when the other process ends, and when the pipe is closed", async () => {
  using pipe = new Pipe("writing");
  const child = script('exec 3<"$0" && echo && head -c 1 <&3', pipe);
  const { rest } = await opened(child, pipe);
  await assert.rejects(within(10, pipe.write(new Uint8Array(many))), /broken pipe/);
  await rest;

  using full = new Pipe("writing");
  const written = full.write(new Uint8Array(many));
  full.close();
  await assert.rejects(within(10, written), /broken pipe/);
});
