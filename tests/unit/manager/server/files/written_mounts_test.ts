import assert from "node:assert/strict";
import { mountsAt, pathBelow } from "../../../../../src/manager/server/files/written_mounts.ts";

const volumes = "/var/lib/kubelet/pods/2f/volumes";
const mountinfo = [
  "1000 900 0:90 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l,upperdir=/u",
  "1001 1000 0:95 / /proc rw - proc proc rw",
  `1002 1000 8:1 ${volumes}/kubernetes.io~empty-dir/small /data rw - ext4 /dev/sda1 rw`,
  `1003 1002 8:1 ${volumes}/kubernetes.io~empty-dir/other/sub\\040path /data/in\\040it rw - ext4 /dev/sda1 rw`,
  `1004 1000 8:1 ${volumes}/kubernetes.io~empty-dir/small/app.conf /etc/app.conf rw - ext4 /dev/sda1 rw`,
  "1005 1000 0:96 / /mem rw - tmpfs tmpfs rw",
  "1006 1005 8:2 / /mem rw - ext4 /dev/sdb rw",
  "",
].join("\n");
const at = (path: string) =>
  mountsAt(mountinfo, path).map(({ path, emptyDir, layer }) => [path, layer ? "layer" : emptyDir].join("=")).toSorted();

Deno.test("mountsAt() finds the mount of a path, and those below it", () => {
  assert.deepEqual(at("/data/x"), ["=small"]);
  assert.deepEqual(at("/data"), ["=small", "in it=other"]);
  assert.deepEqual(at("/data/in it/deep/file"), ["=other"]);
  assert.deepEqual(at("/etc/app.conf"), ["=small"]);
  assert.deepEqual(at("/etc"), ["=layer", "app.conf=small"]);
  assert.deepEqual(at("/database"), ["=layer"], "a name that begins alike");
  assert.deepEqual(at("/mem"), ["="]);
  assert.deepEqual(at("/"), [
    ...["=layer", "data/in it=other", "data=small", "etc/app.conf=small", "mem=", "proc="],
  ]);
  assert.deepEqual(mountsAt("", "/x"), []);
});

Deno.test("pathBelow() is the path inside a root", () => {
  assert.deepEqual([pathBelow("/", "/a/b"), pathBelow("/", "/"), pathBelow("/r", "/r/a"), pathBelow("/r", "/r")], [
    ...["/a/b", "/", "/a", "/"],
  ]);
  assert.equal(pathBelow("/r", "/rest"), "/rest", "not below it");
});
