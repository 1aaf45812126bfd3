import assert from "node:assert/strict";
import { watchPods } from "../../../src/kube/watch.ts";
import { readWatch, type WatchLine } from "../../../src/kube/watch_lines.ts";
import { type Answer, apiServer, status } from "./api_server.ts";

const pod = (name: string) => ({ metadata: { name, uid: `uid of ${name}` } });
const change = (type: string, name: string) => `${JSON.stringify({ type, object: pod(name) })}\n`;

/** Returns the first `count` changes when lists and watches get these answers, one each; the last answer repeats. */
async function watched(count: number, lists: Answer[], watches: Answer[]): Promise<string[]> {
  const last = (answers: Answer[]) => answers.length > 1 ? answers.shift()! : answers[0]!;
  const seen: string[] = [], { signal } = new AbortController();
  await using api = await apiServer((_method, path) => last(path.includes("watch=true") ? watches : lists));
  for await (const change of watchPods(api.cluster, { namespace: "shop" }, signal)) {
    seen.push(change.type === "LISTED" ? "LISTED" : `${change.type} ${change.pod.metadata?.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

const list = (...names: string[]): Answer => ({
  status: 200,
  body: { metadata: { resourceVersion: "1" }, items: names.map(pod) },
});
const changes = (...lines: string[]): Answer => ({ status: 200, body: lines.join("") });

Deno.test("watchPods() tells the pods that there are, and then their changes", async () => {
  const watch = changes(change("MODIFIED", "a"), change("ADDED", "b"), change("DELETED", "a"));
  assert.deepEqual(await watched(6, [list("a"), list("b")], [watch]), [
    ...["ADDED a", "LISTED", "MODIFIED a", "ADDED b", "DELETED a"],
    "MODIFIED b",
  ]);
});

Deno.test("watchPods() goes on from a fresh list where the watch is refused, or fell behind", async () => {
  const tooOld = `${JSON.stringify({ type: "ERROR", object: { code: 410 } })}\n`;
  const refusals = [
    { ...status(429, "TooManyRequests", "too many requests"), headers: { "retry-after": "1" } },
    status(503, "ServiceUnavailable", "etcdserver: leader changed"),
    status(410, "Expired", "too old resource version"),
    changes(tooOld),
  ];
  for (const refusal of refusals) {
    const seen = await watched(5, [list("a"), list("b")], [refusal, changes(change("ADDED", "c"))]);
    assert.deepEqual(seen, ["ADDED a", "LISTED", "DELETED a", "ADDED b", "LISTED"]);
  }
});

Deno.test("watchPods() gives up where a watch is not allowed", async () => {
  await assert.rejects(watched(5, [list("a")], [status(403, "Forbidden", "")]), {
    kind: "denied",
    missing: [{ verb: "watch", group: "", resource: "pods", namespace: "shop" }],
  });
});

Deno.test("readWatch() puts lines together, however they come", async () => {
  const bytes = new TextEncoder().encode(`${change("ADDED", "ä")}\n${change("DELETED", "b")}{"type":"ADD`);
  for (const size of [1, 3, 7, bytes.length]) {
    const found: WatchLine[] = [];
    let heard = 0;
    const body = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    for await (const line of readWatch(body(), () => heard++)) found.push(line);
    assert.deepEqual(found, [{ type: "ADDED", object: pod("ä") }, { type: "DELETED", object: pod("b") }]);
    assert.equal(heard, Math.ceil(bytes.length / size));
  }
});
