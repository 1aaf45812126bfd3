import assert from "node:assert/strict";
import { kinds, Link, told } from "../../../src/warm/link.ts";

/** Connects two links over a unix socket. */
async function pair(): Promise<{ one: Link; other: Link } & AsyncDisposable> {
  const directory = Deno.makeTempDirSync(), path = `${directory}/link.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  const [accepted, connected] = await Promise.all([listener.accept(), Deno.connect({ transport: "unix", path })]);
  const one = new Link(accepted), other = new Link(connected);
  return {
    one,
    other,
    [Symbol.asyncDispose]() {
      for (const end of [one, other]) end[Symbol.dispose]();
      listener.close();
      Deno.removeSync(directory, { recursive: true });
      return Promise.resolve();
    },
  };
}

Deno.test("Link passes frames of any size on, in order, until its end", async () => {
  await using links = await pair();
  const sizes = [0, 1, 5, 4096, 128 * 1024, 1_000_003, 3];
  const bytesOf = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 7 + size) % 251);
  for (const size of sizes) links.one.send(kinds.stdout, bytesOf(size));
  links.one.tell(kinds.exit, 7);
  void links.one.flush().then(() => links.one[Symbol.dispose]());
  const frames = await Array.fromAsync(links.other.frames());
  assert.deepEqual(frames.slice(0, -1).map(({ bytes }) => bytes), sizes.map(bytesOf));
  assert.deepEqual([frames.at(-1)!.kind, told(frames.at(-1)!)], [kinds.exit, 7]);
});

Deno.test("Link.send() to an end that has gone is no error", async () => {
  await using links = await pair();
  links.other[Symbol.dispose]();
  for (let turn = 0; turn < 3; turn++) links.one.send(kinds.stdout, new Uint8Array(100_000));
  await links.one.flush();
  assert.deepEqual(await Array.fromAsync(links.one.frames()), []);
});

Deno.test("no two kinds of frames have the same number", () => {
  assert.equal(new Set(Object.values(kinds)).size, Object.keys(kinds).length);
});
