import assert from "node:assert/strict";
import { excessOf } from "../../../../src/features/files/excess.ts";
import type { WrittenMount } from "../../../../src/manager/client/target_files.ts";

const limit = (bytes: number) => ({ bytes, text: `${bytes}` });
const layer: WrittenMount = { path: "", kind: "layer", name: "" };
const cache = (path: string): WrittenMount => ({ path, kind: "emptyDir", name: "cache" });
const files = [{ path: "a", sizeBytes: 60 }, { path: "var/b", sizeBytes: 60 }, { path: "var/data/c", sizeBytes: 500 }];

Deno.test("excessOf() counts what goes to each volume, and leaves out what is mounted in it", () => {
  const mounts = [cache(""), { path: "var/data", kind: "other", name: "" } as const];
  assert.deepEqual(excessOf(files, mounts, { emptyDirs: { cache: limit(119), other: limit(1) } }), [
    { of: "volume", volume: "cache", bytes: 120, limit: limit(119) },
  ]);
  assert.deepEqual(excessOf(files, mounts, { emptyDirs: { cache: limit(120) } }), []);
  assert.deepEqual(excessOf(files, mounts, { emptyDirs: {}, container: limit(1) }), []);
});

Deno.test("excessOf() takes the innermost mount of a file, and names that only begin alike for others", () => {
  const under = [layer, cache("var/data")], client = [layer, cache("va")];
  const limits = { emptyDirs: { cache: limit(100) }, container: limit(119) };
  assert.deepEqual(excessOf(files, under, limits).map(({ of, bytes }) => `${of} ${bytes}`), [
    ...["volume 500", "container 120"],
  ]);
  assert.deepEqual(excessOf(files, client, limits).map(({ of, bytes }) => `${of} ${bytes}`), ["container 620"]);
});

Deno.test("excessOf() tells the limit of the pod where no other is exceeded", () => {
  const mounts = [layer, cache("var")], pod = limit(600);
  assert.deepEqual(excessOf(files, mounts, { emptyDirs: {}, pod }), [{ of: "pod", bytes: 620, limit: pod }]);
  assert.deepEqual(excessOf(files, mounts, { emptyDirs: { cache: limit(1) }, pod }).map(({ of }) => of), ["volume"]);
});
