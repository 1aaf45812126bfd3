import type { Timed } from "../../lib/timed.ts";

export type FilesEvent =
  | FileCopied
  | CopySummary
  | FileListed
  | InodeFound;

/** A file was copied, and its hash is the same on both sides. */
export interface FileCopied extends Timed {
  type: "cp.file";
  /** Below what was copied; its own name where that is a file. */
  path: string;
  /** Of the whole file. */
  sizeBytes: number;
  sha256: string;
  durationMs: number;
  /** Bytes that were there already, from a copy that was broken off or because the file is the same. */
  resumedBytes?: number;
}

/** The last event of a copy. */
export interface CopySummary extends Timed {
  type: "cp.summary";
  /** `namespace/pod:container:path`, or a path on this machine. */
  source: string;
  destination: string;
  files: number;
  /** Bytes that went over the network, before compression. */
  copiedBytes: number;
  durationMs: number;
  bytesPerSecond: number;
  /** Bytes that did not have to. */
  resumedBytes?: number;
}

export type FileKind = "file" | "directory" | "symlink" | "device" | "socket" | "fifo" | "unknown";

/** A file or directory of the target. */
export interface FileListed extends Timed {
  type: "fs.entry";
  path: string;
  kind: FileKind;
  sizeBytes: number;
  /** On disk; less than `sizeBytes` where the file has holes. */
  allocatedBytes: number;
  /** As chmod(1) takes it, for example `0644`. */
  mode: string;
  modified: string;
  uid: number;
  gid: number;
  /** By the target's own passwd and group; missing where they have no name. */
  owner?: string;
  group?: string;
  /** In decimal digits: it may be larger than a number of JSON can be. */
  inode: string;
  /** Destination of a symlink. */
  link?: string;
}

/** A path of the target that has the inode number. */
export interface InodeFound extends Timed {
  type: "fs.inode";
  /** In decimal digits: it may be larger than a number of JSON can be. */
  inode: string;
  path: string;
  kind: FileKind;
  /** The layers of the container's file system that have this path; the first is what the container sees. */
  layers: {
    /** The layer's directory on the node. */
    directory: string;
    /** The container's own layer, into which it writes. */
    upper: boolean;
    /** The file as the node sees it. */
    nodePath: string;
    /** It is this very inode; false for the original of a file that was copied up, or that another one hides. */
    sameInode: boolean;
  }[];
  /** Why there are none. */
  noLayers?: string;
}
