import assert from "node:assert/strict";
import { CycleLink } from "../../../../src/manager/client/cycle_link.ts";
import { Linked, Peeked } from "../../../../src/manager/client/linked.ts";
import { type Peer, ResetError } from "../../../../src/manager/protocol/tunnel/peer.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

/** Returns a peer that reads these chunks, then ends or is reset, and collects the bytes written to it. */
function peerOf(chunks: readonly string[], { reset = false } = {}) {
  const left = [...chunks], written: string[] = [];
  const peer: Peer = {
    read() {
      const next = left.shift();
      if (next === undefined && reset) return Promise.reject(new ResetError("reset"));
      return Promise.resolve(next === undefined ? undefined : encode(next));
    },
    write(bytes) {
      written.push(decode(bytes)!);
      return Promise.resolve();
    },
    end() {},
    reset() {},
  };
  return { peer, written };
}

Deno.test("Peeked reads again what was looked at, once", async () => {
  const peeked = new Peeked(peerOf(["one", "two"]).peer);
  assert.deepEqual([decode(await peeked.peek()), decode(await peeked.peek())], ["one", "one"]);
  assert.deepEqual([decode(await peeked.read()), decode(await peeked.read()), await peeked.read()], [
    "one",
    "two",
    undefined,
  ]);
});

Deno.test("Peeked has nothing to show of what ends or is reset, which read still tells", async () => {
  assert.equal(await new Peeked(peerOf([]).peer).peek(), undefined);
  const broken = new Peeked(peerOf([], { reset: true }).peer);
  assert.equal(await broken.peek(), undefined);
  await assert.rejects(broken.read(), ResetError);
});

Deno.test("Linked holds back all but some of the first bytes until the rest may follow, or an answer has come", async () => {
  for (const follow of ["the rest", "an answer"]) {
    const { peer, written } = peerOf(["answer"]), link = new CycleLink(() => Promise.resolve(undefined), true);
    const linked = new Linked(peer, link);
    link.holdBack(3);
    const writing = linked.write(encode("request"));
    await Promise.resolve();
    assert.deepEqual(written, ["req"]);
    if (follow === "the rest") link.sendRest();
    else assert.equal(decode(await linked.read()), "answer");
    await writing;
    await linked.write(encode("more"));
    assert.deepEqual(written, ["req", "uest", "more"]);
  }
});
