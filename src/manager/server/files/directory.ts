import { getdents } from "./calls.ts";
import { toName } from "./names.ts";
import type { Name } from "./names.ts";

/** Yields the names in an open directory, without `.` and `..`; see getdents64(2). Throws FileError. */
export function* namesIn(fd: number): Iterable<Name> {
  const buffer = new Uint8Array(32 * 1024), view = new DataView(buffer.buffer);
  for (let length = getdents(fd, buffer); length > 0; length = getdents(fd, buffer)) {
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
      const start = at + 19, name = toName(buffer.subarray(start, buffer.indexOf(0, start)));
      if (name !== "." && name !== "..") yield name;
    }
  }
}

/** File systems that contain only kernel data, see statfs(2) and linux/magic.h. */
const kernelTypes: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x1cd1, // devpts
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xcafe4a11, // bpf
  0x6165676c, // pstore
  0x19800202, // mqueue
  0xf97cff8c, // selinux
]);

export function isKernelFileSystem(type: number): boolean {
  return kernelTypes.has(type);
}
