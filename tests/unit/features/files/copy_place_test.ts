import assert from "node:assert/strict";
import { baseName, parseCopy, parseCopyPlace } from "../../../../src/features/files/copy_place.ts";
import type { CopyPlace } from "../../../../src/features/files/copy_place.ts";
import { ScopeError } from "../../../../src/errors.ts";

const pod = (path: string, more: { pod?: string; namespace?: string } = {}): CopyPlace => ({
  side: "pod",
  path,
  ...more,
});
const local = (path: string): CopyPlace => ({ side: "local", path });

for (
  const [text, place] of [
    [":/var/log", pod("/var/log")],
    [":relative", pod("relative")],
    [":", pod("")],
    [":a:b", pod("a:b")],
    ["web:/x", pod("/x", { pod: "web" })],
    ["web-1.a:/x", pod("/x", { pod: "web-1.a" })],
    ["web:two\nlines", pod("two\nlines", { pod: "web" })],
    ["shop/web:/x", pod("/x", { pod: "web", namespace: "shop" })],
    ["deploy/web:/x", pod("/x", { pod: "deploy/web" })],
    ["shop/deploy/web:/x", pod("/x", { pod: "deploy/web", namespace: "shop" })],
    ["shop/odd/web:/x", local("shop/odd/web:/x")],
    ["-", local("-")],
    ["./a:b", local("./a:b")],
    ["/a:b", local("/a:b")],
    ["a b:c", local("a b:c")],
    ["Web:/x", local("Web:/x")],
    ["-x:/y", local("-x:/y")],
    ["plain", local("plain")],
    ["", local("")],
  ] as [string, CopyPlace][]
) {
  Deno.test(`parseCopyPlace() reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseCopyPlace(text), place));
}

Deno.test("parseCopy() says which way it goes", () => {
  assert.deepEqual(parseCopy([":/x", "."]), { direction: "out", pod: pod("/x"), local: "." });
  assert.deepEqual(parseCopy(["-", "web:/x"]), { direction: "in", pod: pod("/x", { pod: "web" }), local: "-" });
});

for (
  const [args, message] of [
    [[], 'Command "cp" takes a source and a destination, got nothing'],
    [[":/x"], 'Command "cp" takes a source and a destination, got 1'],
    [["a", "b", ":/x"], 'Command "cp" takes a source and a destination, got 3'],
    [["a", "b"], "Neither side is in a pod"],
    [["web:/a", ":/b"], "Both sides are in a pod"],
    [["web:/a", ""], "The path on this machine is empty"],
  ] as [string[], string][]
) {
  Deno.test(`parseCopy() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseCopy(args), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], ["usage", message]);
      return true;
    });
  });
}

for (
  const [args, hint] of [
    [["web:/a", ":/b"], "copy to this machine first, and then from it"],
    [
      ["backup-10:30.txt", ":/tmp/"],
      'write "./backup-10:30.txt" for a file of this machine; between pods, copy to this machine first, and then from it',
    ],
    [
      [":/tmp/x", "backup-10:30.txt"],
      'write "./backup-10:30.txt" for a file of this machine; between pods, copy to this machine first, and then from it',
    ],
    [[":x", "web:/b"], "copy to this machine first, and then from it"],
  ] as [string[], string][]
) {
  Deno.test(`parseCopy() knows what may be meant by ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseCopy(args), (error) => error instanceof ScopeError && error.hint === hint);
  });
}

Deno.test("baseName() is the name that stays, and none where the content is meant", () => {
  assert.deepEqual(["/a/b", "b", "/a/b/", "/a/b//", "-x"].map(baseName), ["b", "b", "b", "b", "-x"]);
  assert.deepEqual(["/", ".", "..", "/a/.", "/a/..", "", "./"].map(baseName), ["", "", "", "", "", "", ""]);
});
