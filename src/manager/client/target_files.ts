import type { FileKind } from "../../event.ts";

/** Files of a target, as a command may reach them. Paths are those of the target; every one is resolved inside its root. */
export interface Files {
  /**
   * What is at a path, and in it or below it; the first is the path itself. What cannot be read is a FileTrouble among
   * the others, and thrown where it is the path itself.
   */
  list(path: string, options: ListOptions): AsyncIterable<FileEntry | FileTrouble>;
  reader(path: string, options: ReadOptions): FileReader;
  writer(path: string, options: WriteOptions): FileWriter;
  /** Paths in the container's root file system that have this inode number. */
  findInode(inode: bigint, signal: AbortSignal): AsyncIterable<InodePath | InodeSearch | FileTrouble>;
}

export interface FileEntry {
  /** Below the path that was asked for, without a slash at its start; empty: that path itself. */
  path: string;
  kind: FileKind;
  sizeBytes: number;
  /** Permissions only, see inode(7). */
  mode: number;
  modifiedNs: bigint;
  uid: number;
  gid: number;
  /** Names by the target's own passwd and group; empty where they have none. */
  owner: string;
  group: string;
  inode: bigint;
  /** On disk; less than the size where the file has holes. */
  allocatedBytes: number;
  /** Where a link points to. */
  link?: string;
}

/** What one path cannot do. `code` is the name of the error, see errno(3), or one of those in file_trouble.ts. */
export class FileTrouble extends Error {
  constructor(readonly path: string, readonly code: string) {
    super(`${path}: ${code}`);
  }
}

export interface ListOptions {
  depth: "self" | "children" | "tree";
  /** Follow links below the path, too. */
  follow?: boolean;
  /** With names of owners and groups. */
  names?: boolean;
  signal: AbortSignal;
}

export interface ReadOptions {
  follow?: boolean;
  signal: AbortSignal;
}

/** Bytes of a file, at most 1 MiB, and where they belong; what lies between two pieces is a hole. */
export interface Chunk {
  offset: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Reads files at or below a path. Several may be asked for ahead; each is read to its end before the next. */
export interface FileReader extends AsyncDisposable {
  /** `have` is what is there of the file already. */
  ask(path: string, have?: AsyncIterable<Uint8Array>): Promise<void>;
  /** The oldest that was asked for and not read yet. Throws FileTrouble. */
  next(): Promise<ReadingFile>;
  /** Asks for small files in one message, at most 1 MiB in all. `have` is all of what is there. */
  askBatch(files: readonly { path: string; have?: Uint8Array }[]): void;
  /** The oldest batch, in place of `next`. `tooLarge`: it has grown, and is to be asked for by itself. */
  nextBatch(): Promise<(ReadingFile | FileTrouble | "tooLarge")[]>;
}

export interface ReadingFile {
  readonly entry: FileEntry;
  /** What is before this is there already, and the same. */
  readonly from: number;
  /** Throws FileTrouble, also when the bytes that came are not those that were sent. */
  readonly chunks: AsyncIterable<Chunk>;
  /** Known once all pieces were read. */
  readonly whole: Promise<WholeFile>;
}

export interface WholeFile {
  sizeBytes: number;
  /** In hexadecimal digits, of the whole file. */
  sha256: string;
}

export interface WriteOptions {
  /** Where the path is a directory, what is written is written below it by this name; empty: as its content. */
  name: string;
  /** What is written is a directory. */
  directory: boolean;
  signal: AbortSignal;
}

export interface FileToWrite {
  path: string;
  /** Not set: not known yet. */
  sizeBytes?: number;
  mode: number;
  modifiedNs?: bigint;
  /** Go on with what is there already. */
  resume: boolean;
}

/** An item small enough to be written together with others. */
export type BatchItem =
  /** `finish` sets mode and time of a directory, once all that is in it is there. */
  | { kind: "directory"; path: string; mode: number; modifiedNs: bigint; finish: boolean }
  | { kind: "symlink"; path: string; to: string }
  | { kind: "file"; path: string; mode: number; modifiedNs: bigint; bytes: Uint8Array };

/** The result of one item of a batch. */
export interface ItemWritten extends WholeFile {
  /** A directory that was not there. */
  created: boolean;
}

/** A mount at or below the place that is written. */
export interface WrittenMount {
  /** Below what is written; empty: that itself. */
  path: string;
  /** The container's own file system, the emptyDir volume of a name, or something else. */
  kind: "layer" | "emptyDir" | "other";
  /** Of the emptyDir volume. */
  name: string;
}

/** Writes files at or below a path. */
export interface FileWriter extends AsyncDisposable {
  /** The path that is written to. Rejects with FileTrouble. */
  readonly opened: Promise<string>;
  /** The mounts there and below it. Empty where it cannot be opened. */
  readonly mounts: Promise<WrittenMount[]>;
  /** Writes in this order, in one message of at most 1 MiB. The next may begin when `sent` resolves. */
  batch(items: readonly BatchItem[]): {
    readonly sent: Promise<void>;
    readonly written: Promise<(ItemWritten | FileTrouble)[]>;
  };
  /** `pieces` reads the file from an offset on. The next may begin when all of it is sent. */
  file(file: FileToWrite, chunks: (from: number) => AsyncIterable<Chunk>): WritingFile;
}

export interface WritingFile {
  /** So much was there already. */
  readonly from: Promise<number>;
  readonly sent: Promise<void>;
  /** Checked and in its place. Rejects with FileTrouble. */
  readonly whole: Promise<WholeFile>;
}

/** A path that has the inode. */
export interface InodePath {
  path: string;
  kind: FileKind;
  /** The layers that have the path; the first is what the container sees. */
  layers: { directory: string; upper: boolean; sameInode: boolean }[];
  /** Why there are none. */
  noLayers?: string;
}

export interface InodeSearch {
  /** How many files were looked at so far. */
  seen: number;
}
