import { partName } from "../../protocol/part_name.ts";
import { FileKind } from "../../protocol/gen/manager_pb.ts";
import type { FileEnd, WriteFile } from "../../protocol/gen/manager_pb.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import {
  fchown,
  ftruncate,
  futimens,
  lock,
  O_CREAT,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  openMemory,
  pread,
  pwrite,
  reopen,
  statAt,
} from "./calls.ts";
import type { Stat } from "./calls.ts";
import { give, modeIn, ownerOfNew, setMode } from "./created.ts";
import type { Creator } from "./created.ts";
import { Descriptor } from "./descriptor.ts";
import type { NamedEntry } from "./destination.ts";
import { statIfThere } from "./destination.ts";
import { kindOf } from "./entry.ts";
import { FileError } from "../../protocol/file_error.ts";
import { FileHash, sameHash } from "../../protocol/hash.ts";
import { isMountPoint, putInPlace, refuseMountPoint, removeName } from "./mount_point.ts";
import { openMountedFile, reserveMounted, setTime } from "./mounted_file.ts";
import type { Name } from "./names.ts";
import type { PartKeeper } from "./partial_files.ts";
import { chunkBytes } from "../../protocol/chunks.ts";
import { openBelow } from "./target_root.ts";

/**
 * Limit of the wait for another copy that writes the same file, in milliseconds: longer than a client that is gone counts as
 * alive.
 */
const otherCopyMs = 8_000;
/**
 * The largest file that is kept in memory until it is complete, in bytes: for a mounted file in a directory that cannot be
 * written.
 */
const mostInMemory = 16 << 20;

/** The context in which a file is written to a target. */
export interface FileArrival {
  place: NamedEntry;
  file: WriteFile;
  /** Owner of new files. */
  creator: Creator;
  parts: PartKeeper;
  pid: number;
  /** Aborted when the client has left. */
  gone: AbortSignal;
}

/** A file in transfer to a target: it is written to a part beside its destination, and renamed when it is complete. */
export class ArrivingFile implements Disposable {
  #part: Descriptor | undefined;
  #hash: FileHash;
  /** The destination itself, when it is identical already. */
  #same: Descriptor | undefined;
  #broken = true;
  /** The file that is replaced: the new file gets its owner. */
  readonly #replaced: Stat | undefined;
  /** The part is in memory, without a name, because the destination's directory cannot be written. */
  #inMemory = false;
  /** The destination is itself a mount: its content is overwritten in place. */
  readonly #mounted: boolean = false;
  readonly #name: Name;

  constructor(readonly arrival: FileArrival) {
    this.#name = partName(arrival.place.name);
    this.#hash = new FileHash(arrival.gone);
    const existing = statIfThere(arrival.place.directory, arrival.place.name);
    if (existing === undefined) return;
    const kind = kindOf(existing);
    if (kind === FileKind.DIRECTORY) throw new FileError("EISDIR");
    if (kind !== FileKind.FILE && kind !== FileKind.SYMLINK) throw new FileError("ENOTREG");
    if (kind === FileKind.FILE) this.#replaced = existing;
    this.#mounted = isMountPoint(arrival.place.directory, arrival.place.name, existing);
    // Fails before anything is sent when the mount cannot be written.
    if (this.#mounted) openMountedFile(arrival.place.directory, arrival.place.name)[Symbol.dispose]();
  }

  /**
   * Returns size and hash of the data that exists already: of a part that was left, or of a file of the same size and time.
   */
  async found(): Promise<{ have: bigint; sha256: Uint8Array<ArrayBuffer> }> {
    const { place: { directory, name }, file, parts } = this.arrival;
    const part = await this.#waitForPart();
    if (part !== undefined) {
      parts.forget(statAt(part.fd).inode, this.#name);
      this.#part = part;
    } else {
      const there = statIfThere(directory, name);
      const same = there !== undefined && BigInt(there.size) === file.size && there.modifiedNs === file.modifiedNs;
      this.#same = same ? openPlain(directory, name, O_RDONLY) : undefined;
    }
    const found = this.#part ?? this.#same;
    if (found !== undefined) await count(found, this.#hash);
    return { have: BigInt(this.#hash.size), sha256: this.#hash.sum() };
  }

  /** Begins to write: after the data that was found, or from the start. */
  begin(keep: boolean): void {
    if (keep && (this.#part ?? this.#same) !== undefined) return;
    this.#same?.[Symbol.dispose]();
    this.#same = undefined;
    this.#hash = new FileHash(this.arrival.gone);
    if (this.#part !== undefined) return ftruncate(this.#part.fd, 0);
    const { place: { directory }, creator } = this.arrival;
    try {
      if (statIfThere(directory, this.#name) !== undefined) {
        using _unused = this.#openPart();
        removeName(directory, this.#name);
      }
      this.#part = openBelow(directory, this.#name, O_RDWR | O_CREAT | O_EXCL, 0o600);
    } catch (error) {
      const isClosed = error instanceof FileError && ["EROFS", "EACCES", "EPERM"].includes(error.code);
      if (!this.#mounted || !isClosed) throw error;
      this.#inMemory = true;
      this.#part = new Descriptor(openMemory());
    }
    if (this.#inMemory) return;
    lock(this.#part.fd);
    const { fd } = this.#part;
    give(this.#replaced ?? ownerOfNew(creator, statAt(directory.fd), statAt(fd)), (uid, gid) => fchown(fd, uid, gid));
  }

  async write(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    // Data beyond the part's size can only be a hole, because nothing was written there.
    if (this.#part === undefined || offset < this.#hash.size) throw new FileError("EINVAL");
    if (this.#inMemory && offset + bytes.length > mostInMemory) throw new FileError("EMOUNTLARGE");
    await this.#hash.skipTo(offset);
    this.#hash.update(bytes);
    pwrite(this.#part.fd, bytes, offset);
  }

  /** Checks the hash and puts the file in its place. */
  async finish({ size, sha256 }: FileEnd): Promise<{ size: bigint; sha256: Uint8Array }> {
    await this.#hash.skipTo(Number(size));
    const sum = this.#hash.sum(), whole = this.#part ?? this.#same;
    if (whole === undefined || BigInt(this.#hash.size) !== size) throw new FileError("EINVAL");
    if (!sameHash(sum, sha256)) throw new FileError("EBADHASH");
    if (this.#part !== undefined) ftruncate(whole.fd, Number(size));
    if (!this.#mounted) this.#place(whole);
    else if (this.#part !== undefined) await this.#writeInto(this.#part, Number(size));
    this.#broken = false;
    return { size, sha256: sum };
  }

  /** Removes a part that will not be finished and that no copy can resume. */
  discard(): void {
    this.#broken = false;
    if (this.#part === undefined || this.#inMemory) return;
    try {
      removeName(this.arrival.place.directory, this.#name);
    } catch {
      // the part is gone
    }
  }

  /** Closes the file. An interrupted part is kept for a while so that a copy can resume it. */
  [Symbol.dispose](): void {
    const { place: { directory }, parts, pid } = this.arrival;
    try {
      if (this.#broken && this.#part !== undefined && !this.#inMemory) {
        const { size, inode } = statAt(this.#part.fd);
        if (size === 0) this.discard();
        else parts.keep({ directory: reopen(directory.fd, O_PATH), name: this.#name, inode, pid });
      }
    } catch {
      // the directory is gone
    }
    this.#broken = false;
    this.#part?.[Symbol.dispose]();
    this.#same?.[Symbol.dispose]();
    this.arrival.place[Symbol.dispose]();
  }

  /**
   * Opens the part as #openPart() does, but waits while another copy writes it: a copy that was killed continues to write
   * its data in flight until the manager notices that its client is gone.
   */
  async #waitForPart(): Promise<Descriptor | undefined> {
    const limit = performance.now() + otherCopyMs;
    for (;;) {
      try {
        return this.#openPart();
      } catch (error) {
        if (!(error instanceof FileError) || error.code !== "EBUSY" || performance.now() > limit) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Opens the existing part. Throws FileError when another copy is writing it. */
  #openPart(): Descriptor | undefined {
    refuseMountPoint(this.arrival.place.directory, this.#name);
    const file = openPlain(this.arrival.place.directory, this.#name, O_RDWR);
    if (file === undefined || lock(file.fd)) return file;
    file[Symbol.dispose]();
    throw new FileError("EBUSY");
  }

  /** Gives the complete file its mode, its time and its name. */
  #place(whole: Descriptor): void {
    const { place: { directory, name }, file, creator } = this.arrival;
    setMode(whole, modeIn(directory, file.mode, creator));
    if (this.#part === undefined) return;
    if (file.modifiedNs !== undefined) futimens(whole.fd, file.modifiedNs);
    if (statIfThere(directory, this.#name)?.inode !== statAt(whole.fd).inode) throw new FileError("EINVAL");
    putInPlace(directory, this.#name, name);
  }

  /** Writes the complete file into the mount at its name, which keeps its owner and mode. */
  async #writeInto(part: Descriptor, size: number): Promise<void> {
    const { place: { directory, name }, file: { modifiedNs } } = this.arrival;
    using to = openMountedFile(directory, name);
    // A descriptor of its own: the file is written to its end even if the client leaves meanwhile, because a half-written
    // file is neither the old nor the new one.
    using from = new Descriptor(reopen(part.fd, O_RDONLY));
    reserveMounted(to, size);
    await each(from, (bytes, offset) => pwrite(to.fd, bytes, offset));
    ftruncate(to.fd, size);
    if (modifiedNs !== undefined) setTime(to, modifiedNs);
    if (!this.#inMemory) removeName(directory, this.#name);
  }
}

/** Opens a regular file without further hard links: symlinks and devices are never opened. */
function openPlain(directory: Descriptor, name: Name, flags: number): Descriptor | undefined {
  const found = statIfThere(directory, name);
  if (found === undefined || kindOf(found) !== FileKind.FILE || found.links !== 1) return undefined;
  using path = openBelow(directory, name, O_PATH);
  const { mode, links } = statAt(path.fd);
  return mode === found.mode && links === 1 ? new Descriptor(reopen(path.fd, flags)) : undefined;
}

async function count(file: Descriptor, hash: FileHash): Promise<void> {
  await each(file, (bytes) => hash.update(bytes));
}

/** Reads a file in chunks, and yields to the event loop in between. */
async function each(file: Descriptor, work: (bytes: Uint8Array<ArrayBuffer>, offset: number) => void): Promise<void> {
  const buffer = new Uint8Array(chunkBytes), turn = yieldToEventLoop();
  for (let at = 0;;) {
    const length = pread(file.fd, buffer, at);
    if (length === 0) return;
    work(buffer.subarray(0, length), at);
    at += length;
    if (turn.due) await turn.take();
  }
}
