import type { FileKind } from "../../event.ts";

/** Access to the files of a target. Paths are those of the target, and are resolved inside its root. */
export interface Files {
  /**
   * Lists a path, and its children or its tree; the path itself comes first. Yields FileTrouble for an entry that cannot be
   * read, and throws FileTrouble if that is the path itself.
   */
  list(path: string, options: ListOptions): AsyncIterable<FileEntry | FileTrouble>;
  reader(path: string, options: ReadOptions): FileReader;
  writer(path: string, options: WriteOptions): FileWriter;
  /** Paths in the container's root file system that have this inode number. */
  findInode(inode: bigint, signal: AbortSignal): AsyncIterable<InodePath | InodeSearch | FileTrouble>;
}

export interface FileEntry {
  /** Relative to the requested path, without a leading slash; empty: the requested path itself. */
  path: string;
  kind: FileKind;
  sizeBytes: number;
  /** Permissions only, see inode(7). */
  mode: number;
  modifiedNs: bigint;
  uid: number;
  gid: number;
  /** Names from the target's own passwd and group files; empty if there are none. */
  owner: string;
  group: string;
  inode: bigint;
  /** Space on disk; less than the size if the file has holes. */
  allocatedBytes: number;
  /** Target of a symlink. */
  link?: string;
}

/** The error of one path. `code` is the name of the error, see errno(3), or one of those in file_trouble.ts. */
export class FileTrouble extends Error {
  constructor(readonly path: string, readonly code: string) {
    super(`${path}: ${code}`);
  }
}

export interface ListOptions {
  depth: "self" | "children" | "tree";
  /** Follows symlinks below the path as well. */
  follow?: boolean;
  /** Includes the names of owners and groups. */
  names?: boolean;
  signal: AbortSignal;
}

export interface ReadOptions {
  follow?: boolean;
  signal: AbortSignal;
}

/** Bytes of a file, at most 1 MiB, and their offset; a gap between two chunks is a hole. */
export interface Chunk {
  offset: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Reads files at or below a path. Several may be requested ahead; each must be read to its end before the next. */
export interface FileReader extends AsyncDisposable {
  /** Requests a file. `have` is the part of it that the client already has. */
  ask(path: string, have?: AsyncIterable<Uint8Array>): Promise<void>;
  /** Returns the oldest requested file that was not read yet. Throws FileTrouble. */
  next(): Promise<ReadingFile>;
  /** Requests small files in one message, at most 1 MiB in all. `have` is the whole local file. */
  askBatch(files: readonly { path: string; have?: Uint8Array }[]): void;
  /** Returns the oldest batch, in place of `next`. `tooLarge`: the file has grown, and must be requested alone. */
  nextBatch(): Promise<(ReadingFile | FileTrouble | "tooLarge")[]>;
}

export interface ReadingFile {
  readonly entry: FileEntry;
  /** Offset of the first byte that is sent: the client has the same bytes before it. */
  readonly from: number;
  /** Throws FileTrouble, also if the received bytes differ from those sent. */
  readonly chunks: AsyncIterable<Chunk>;
  /** Resolves when all chunks were read. */
  readonly whole: Promise<WholeFile>;
}

export interface WholeFile {
  sizeBytes: number;
  /** Hash of the whole file, in hexadecimal digits. */
  sha256: string;
}

export interface WriteOptions {
  /** If the path is a directory, the name of the copy in it; empty: the copy becomes its content. */
  name: string;
  /** True if a directory is written. */
  directory: boolean;
  signal: AbortSignal;
}

export interface FileToWrite {
  path: string;
  /** Undefined if not known yet. */
  sizeBytes?: number;
  mode: number;
  modifiedNs?: bigint;
  /** Resumes from a partial file. */
  resume: boolean;
}

/** An item small enough to be written together with others. */
export type BatchItem =
  /** `finish` sets mode and time of a directory after all of its content was written. */
  | { kind: "directory"; path: string; mode: number; modifiedNs: bigint; finish: boolean }
  | { kind: "symlink"; path: string; to: string }
  | { kind: "file"; path: string; mode: number; modifiedNs: bigint; bytes: Uint8Array };

/** The result of one item of a batch. */
export interface ItemWritten extends WholeFile {
  /** True for a directory that did not exist. */
  created: boolean;
}

/** A mount at or below the destination. */
export interface WrittenMount {
  /** Relative to the destination; empty: the destination itself. */
  path: string;
  /** The container's own file system, an emptyDir volume, or another mount. */
  kind: "layer" | "emptyDir" | "other";
  /** Name of the emptyDir volume, otherwise empty. */
  name: string;
}

/** Writes files at or below a path. */
export interface FileWriter extends AsyncDisposable {
  /** Resolves to the path that is written to. Rejects with FileTrouble. */
  readonly opened: Promise<string>;
  /** Resolves to the mounts at and below that path; empty if it cannot be opened. */
  readonly mounts: Promise<WrittenMount[]>;
  /** Writes the items in order, in one message of at most 1 MiB. The next call may start when `sent` resolves. */
  batch(items: readonly BatchItem[]): {
    readonly sent: Promise<void>;
    readonly written: Promise<(ItemWritten | FileTrouble)[]>;
  };
  /** Writes a file. `chunks` reads it from an offset on. The next call may start when `sent` resolves. */
  file(file: FileToWrite, chunks: (from: number) => AsyncIterable<Chunk>): WritingFile;
}

export interface WritingFile {
  /** Number of bytes that were kept from a partial file. */
  readonly from: Promise<number>;
  readonly sent: Promise<void>;
  /** Resolves when the file was verified and renamed to its final name. Rejects with FileTrouble. */
  readonly whole: Promise<WholeFile>;
}

/** A path with the requested inode number. */
export interface InodePath {
  path: string;
  kind: FileKind;
  /** Layers that contain the path; the container sees the first. */
  layers: { directory: string; upper: boolean; sameInode: boolean }[];
  /** Reason why there are no layers. */
  noLayers?: string;
}

export interface InodeSearch {
  /** Number of files examined so far. */
  seen: number;
}
