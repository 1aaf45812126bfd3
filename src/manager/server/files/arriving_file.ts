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
import { pieceBytes } from "../../protocol/chunks.ts";
import { openBelow } from "./target_root.ts";

/** How long the same file may be written by another copy: longer than a client that is gone counts as alive. */
const otherCopyMs = 8_000;
/** The largest file that is kept in memory until it is whole, where a mount is all that can be written in a directory. */
const mostInMemory = 16 << 20;

/** What is needed of a target to write a file there. */
export interface StartingManager {
  place: NamedEntry;
  file: WriteFile;
  /** Whose new files are. */
  creator: Creator;
  parts: PartKeeper;
  pid: number;
  /** Who sends it has left. */
  gone: AbortSignal;
}

/** A file on its way into a target: it is written beside its destination, and gets its name when it is whole. */
export class ArrivingFile implements Disposable {
  #part: Descriptor | undefined;
  #hash: FileHash;
  /** The destination itself, when that is the same already. */
  #same: Descriptor | undefined;
  #broken = true;
  /** The file whose place it takes: it will be that one's owner's. */
  readonly #replaced: Stat | undefined;
  /** The part has no name: beside the destination nothing can be written. */
  #inMemory = false;
  /** The destination is a mount of its own: it is written into. */
  readonly #mounted: boolean = false;
  readonly #name: Name;

  constructor(readonly arrival: StartingManager) {
    this.#name = partName(arrival.place.name);
    this.#hash = new FileHash(arrival.gone);
    const existing = statIfThere(arrival.place.directory, arrival.place.name);
    if (existing === undefined) return;
    const kind = kindOf(existing);
    if (kind === FileKind.DIRECTORY) throw new FileError("EISDIR");
    if (kind !== FileKind.FILE && kind !== FileKind.SYMLINK) throw new FileError("ENOTREG");
    if (kind === FileKind.FILE) this.#replaced = existing;
    this.#mounted = isMountPoint(arrival.place.directory, arrival.place.name, existing);
    // One that cannot be written is told before anything is sent.
    if (this.#mounted) openMountedFile(arrival.place.directory, arrival.place.name)[Symbol.dispose]();
  }

  /** So much is there already, of a part that was left or of a file of the same size and time. */
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

  /** Begins to write: after what was found, or from the start. */
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
    // What is after the part's size can only be a hole: nothing was written there.
    if (this.#part === undefined || offset < this.#hash.size) throw new FileError("EINVAL");
    if (this.#inMemory && offset + bytes.length > mostInMemory) throw new FileError("EMOUNTLARGE");
    await this.#hash.skipTo(offset);
    this.#hash.update(bytes);
    pwrite(this.#part.fd, bytes, offset);
  }

  /** Checks it and puts it in its place. */
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

  /** It will not be finished, and nobody can go on with it. */
  discard(): void {
    this.#broken = false;
    if (this.#part === undefined || this.#inMemory) return;
    try {
      removeName(this.arrival.place.directory, this.#name);
    } catch {
      // gone already
    }
  }

  /** Closes it. One that was broken off is kept for a while for who comes back. */
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
   * As #openPart, after a while: a copy that was killed goes on writing what was on its way, until it is seen that its
   * client is gone.
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

  /** The part that is there. Throws FileError when somebody else writes it now. */
  #openPart(): Descriptor | undefined {
    refuseMountPoint(this.arrival.place.directory, this.#name);
    const file = openPlain(this.arrival.place.directory, this.#name, O_RDWR);
    if (file === undefined || lock(file.fd)) return file;
    file[Symbol.dispose]();
    throw new FileError("EBUSY");
  }

  /** Gives the whole file its mode, its time and its name. */
  #place(whole: Descriptor): void {
    const { place: { directory, name }, file, creator } = this.arrival;
    setMode(whole, modeIn(directory, file.mode, creator));
    if (this.#part === undefined) return;
    if (file.modifiedNs !== undefined) futimens(whole.fd, file.modifiedNs);
    if (statIfThere(directory, this.#name)?.inode !== statAt(whole.fd).inode) throw new FileError("EINVAL");
    putInPlace(directory, this.#name, name);
  }

  /** Writes the whole file into the mount that its name is, which keeps its owner and mode. */
  async #writeInto(part: Descriptor, size: number): Promise<void> {
    const { place: { directory, name }, file: { modifiedNs } } = this.arrival;
    using to = openMountedFile(directory, name);
    // Its own descriptor: the file is written to its end, also when the client leaves meanwhile, as half of it is neither file.
    using from = new Descriptor(reopen(part.fd, O_RDONLY));
    reserveMounted(to, size);
    await each(from, (bytes, offset) => pwrite(to.fd, bytes, offset));
    ftruncate(to.fd, size);
    if (modifiedNs !== undefined) setTime(to, modifiedNs);
    if (!this.#inMemory) removeName(directory, this.#name);
  }
}

/** Opens a plain file that has no other name: links and devices are never opened. */
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

/** Others have their turn meanwhile. */
async function each(file: Descriptor, work: (bytes: Uint8Array<ArrayBuffer>, offset: number) => void): Promise<void> {
  const buffer = new Uint8Array(pieceBytes), breath = yieldToEventLoop();
  for (let at = 0;;) {
    const length = pread(file.fd, buffer, at);
    if (length === 0) return;
    work(buffer.subarray(0, length), at);
    at += length;
    if (breath.due) await breath.take();
  }
}
