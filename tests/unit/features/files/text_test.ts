import assert from "node:assert/strict";
import type { FileListed } from "../../../../src/event.ts";
import { copiedLine, copySummaryLine, fileTable, inodeLines, modeText } from "../../../../src/features/files/text.ts";

const time = "2026-01-01T00:00:00.000Z";

Deno.test("modeText() writes modes as ls does", () => {
  const cases: [Parameters<typeof modeText>[0], number, string][] = [
    ["file", 0o644, "-rw-r--r--"],
    ["directory", 0o1777, "drwxrwxrwt"],
    ["directory", 0o1776, "drwxrwxrwT"],
    ["file", 0o4755, "-rwsr-xr-x"],
    ["file", 0o6644, "-rwSr-Sr--"],
    ["symlink", 0o777, "lrwxrwxrwx"],
    ["fifo", 0, "p---------"],
  ];
  for (const [kind, mode, text] of cases) assert.equal(modeText(kind, mode), text);
});

Deno.test("fileTable() is sorted, names who has no name by number, and escapes what a name may hold", () => {
  const entry = (path: string, more: Partial<FileListed> = {}): FileListed => ({
    ...{ type: "fs.entry", time, path, kind: "file", sizeBytes: 6, allocatedBytes: 8, mode: "0644" },
    ...{ modified: "2020-02-03T04:05:06.000Z", uid: 7, gid: 8, inode: "99" },
    ...more,
  });
  assert.deepEqual(
    fileTable([entry("b\n\x1b"), entry("a", { kind: "symlink", link: "b", owner: "root", mode: "0777" })], 100, false),
    [
      "INODE  MODE        OWNER  GROUP  BYTES  MODIFIED (UTC)    NAME",
      "   99  lrwxrwxrwx  root   8          6  2020-02-03 04:05  a -> b",
      "   99  -rw-r--r--  7      8          6  2020-02-03 04:05  b\\n\\x1b",
    ],
  );
  assert.deepEqual(fileTable([], 80, false), []);
});

Deno.test("copiedLine() and copySummaryLine() say what was there already", () => {
  const file = { type: "cp.file" as const, time, path: "a", sizeBytes: 2048, sha256: "", durationMs: 5 };
  assert.equal(copiedLine(file), "a: 2.0K");
  assert.equal(copiedLine({ ...file, resumedBytes: 1024 }), "a: 2.0K, went on at 1.0K");
  assert.equal(copiedLine({ ...file, resumedBytes: 2048 }), "a: 2.0K, was the same");
  const summary = { type: "cp.summary" as const, time, source: "shop/web:app:/x", destination: "./x", files: 1 };
  assert.equal(
    copySummaryLine({ ...summary, copiedBytes: 2048, durationMs: 500, bytesPerSecond: 4096 }),
    "shop/web:app:/x -> ./x: 1 file, 2.0K in 0.5 s (4.0K/s)",
  );
  assert.equal(
    copySummaryLine({ ...summary, files: 3, copiedBytes: 0, durationMs: 1, bytesPerSecond: 0, resumedBytes: 2048 }),
    "shop/web:app:/x -> ./x: 3 files, 0B in 0.0 s (0B/s), 2.0K were there already",
  );
});

Deno.test("inodeLines() has the layers below the path, and why there are none", () => {
  const found = { type: "fs.inode" as const, time, inode: "7", path: "/etc/group", kind: "file" as const };
  const upper = { directory: "/up", upper: true, nodePath: "/up/etc/group", sameInode: false };
  const lower = { directory: "/low", upper: false, nodePath: "/low/etc/group", sameInode: true };
  assert.deepEqual(inodeLines({ ...found, layers: [upper, lower] }), [
    "/etc/group",
    "  /up/etc/group  (the container's own layer, another inode)",
    "  /low/etc/group  (a layer of the image, hidden by the one above)",
  ]);
  assert.deepEqual(inodeLines({ ...found, layers: [], noLayers: "the files of the node cannot be seen from here" }), [
    "/etc/group",
    "  layer unknown: the files of the node cannot be seen from here",
  ]);
});
