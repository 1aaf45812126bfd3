import type { MessageInitShape } from "@bufbuild/protobuf";
import { FileKind } from "../../protocol/gen/manager_pb.ts";
import type { FileEntrySchema } from "../../protocol/gen/manager_pb.ts";
import type { Stat } from "./calls.ts";
import { toBytes } from "./names.ts";
import type { Name } from "./names.ts";

/** An entry of a directory; manager.proto documents the fields. */
export type EntryInit = MessageInitShape<typeof FileEntrySchema>;

const kinds: Readonly<Record<number, FileKind>> = {
  0o01: FileKind.FIFO,
  0o02: FileKind.DEVICE,
  0o04: FileKind.DIRECTORY,
  0o06: FileKind.DEVICE,
  0o10: FileKind.FILE,
  0o12: FileKind.SYMLINK,
  0o14: FileKind.SOCKET,
};

/** Returns the kind of a file, by the type in its mode, see inode(7). */
export function kindOf({ mode }: Stat): FileKind {
  return kinds[mode >> 12] ?? FileKind.UNSPECIFIED;
}

export function entryOf(path: Name, stat: Stat, more: { link?: Uint8Array } = {}): EntryInit {
  return {
    path: toBytes(path),
    kind: kindOf(stat),
    size: BigInt(stat.size),
    mode: stat.mode & 0o7777,
    modifiedNs: stat.modifiedNs,
    uid: stat.uid,
    gid: stat.gid,
    inode: stat.inode,
    allocatedBytes: BigInt(stat.allocatedBytes),
    ...more,
  };
}
