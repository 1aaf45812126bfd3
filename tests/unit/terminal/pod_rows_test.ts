import assert from "node:assert/strict";
import { matchingPods, type PodChoice, podRows } from "../../../src/terminal/pod_rows.ts";

const pod = (name: string, more: Partial<PodChoice> = {}): PodChoice => ({
  ...{ name, ready: "1/1", status: "Running", node: "node1", ageMs: 3_600_000, running: true },
  ...more,
});
const pods = [
  pod("web-b9c9785fc-vlzk8"),
  pod("api"),
  pod("aside", { status: "Pending", node: "", ready: "0/1", running: false }),
];

Deno.test("podRows() aligns all columns where there is room, those that run first", () => {
  const { head, rows } = podRows(pods, 80);
  assert.deepEqual([head, ...rows.map(({ text }) => text)].map((line) => line.trimEnd()), [
    "POD                  READY  STATUS   NODE   AGE",
    "api                  1/1    Running  node1  1h",
    "web-b9c9785fc-vlzk8  1/1    Running  node1  1h",
    "aside                0/1    Pending         1h",
  ]);
});

Deno.test("podRows() fits every window: first the node goes, then age, ready and status, and then the name's middle", () => {
  const heads = [48, 42, 36, 30, 22, 12].map((columns) => podRows(pods, columns).head.trim().split(/ +/).join(" "));
  assert.deepEqual(heads, [
    "POD READY STATUS NODE AGE",
    "POD READY STATUS AGE",
    "POD READY STATUS",
    "POD STATUS",
    "POD",
    "POD",
  ]);
  for (let columns = 10; columns < 60; columns++) {
    for (const { text } of podRows(pods, columns).rows) assert.ok(text.length <= columns, `${columns}: ${text}`);
  }
  assert.equal(podRows(pods, 12).rows[1]?.text, "web-b9…vlzk8");
});

Deno.test("podRows() lets no name drive the terminal", () => {
  assert.equal(podRows([pod("a\x1b[2Jb")], 80).rows[0]?.text.split(" ")[0], "a\\x1b[2Jb");
});

Deno.test("matchingPods() takes those that have every word, in name, status or node", () => {
  const names = (typed: string) => matchingPods(pods, typed).map(({ name }) => name);
  assert.deepEqual(names(""), pods.map(({ name }) => name));
  assert.deepEqual(names("A"), ["api", "aside"].concat([]));
  assert.deepEqual(names("we vlz"), ["web-b9c9785fc-vlzk8"]);
  assert.deepEqual(names("pend"), ["aside"]);
  assert.deepEqual(names("nothing"), []);
});
