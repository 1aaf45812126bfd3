import assert from "node:assert/strict";
import { modeOfNew, ownerOfNew } from "../../../../../src/manager/server/files/created.ts";

/** Returns an ACL in the kernel's format: tags and permissions. */
function aclOf(...entries: readonly (readonly [number, number])[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  view.setUint32(0, 2, true);
  for (const [index, [tag, permissions]] of entries.entries()) {
    view.setUint16(4 + index * 8, tag, true);
    view.setUint16(6 + index * 8, permissions, true);
  }
  return new Uint8Array(view.buffer);
}

const user = 0x01, named = 0x02, group = 0x04, mask = 0x10, other = 0x20;

for (
  const [asked, umask, acl, mode] of [
    [0o666, 0o022, undefined, 0o644],
    [0o755, 0o022, undefined, 0o755],
    [0o6777, 0o077, undefined, 0o700],
    [0o644, 0, undefined, 0o644],
    [0o666, 0o077, aclOf([user, 7], [group, 5], [other, 5]), 0o644],
    [0o777, 0o077, aclOf([user, 7], [named, 7], [group, 0], [mask, 7], [other, 0]), 0o770],
    [0o640, 0o077, aclOf([user, 5], [named, 7], [group, 7], [mask, 6], [other, 7]), 0o440],
  ] as const
) {
  Deno.test(`modeOfNew() makes ${mode.toString(8)} of ${asked.toString(8)} with umask ${umask.toString(8)}`, () =>
    assert.equal(modeOfNew(asked, { umask }, acl), mode));
}

Deno.test("ownerOfNew() leaves the group to directories with the set-gid bit, and to file systems that take it from there", () => {
  const creator = { uid: 4000, gid: 4001, umask: 0o022 };
  const own = (mode: number, gid: number) => ownerOfNew(creator, { mode }, { gid }, 0);
  assert.deepEqual(own(0o040755, 0), { uid: 4000, gid: 4001 });
  assert.deepEqual(own(0o042775, 777), { uid: 4000, gid: 777 });
  assert.deepEqual(own(0o042775, 0), { uid: 4000, gid: 0 });
  assert.deepEqual(own(0o040775, 777), { uid: 4000, gid: 777 });
});
