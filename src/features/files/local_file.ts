import { FileTrouble } from "../../manager/client/target_files.ts";
import type { Chunk, FileEntry, ReadingFile, WholeFile } from "../../manager/client/target_files.ts";
import { partName } from "../../manager/protocol/part_name.ts";
import { dateOf } from "./local_time.ts";
import { joined, lstatIfThere } from "./local_trouble.ts";

const chunkBytes = 1 << 20;

/** A local file that is written to a partial file next to its destination, and renamed when it is complete. */
export class LocalFile {
  readonly part: string;
  /** True if the partial file is kept, so that the next copy can resume from it. */
  kept = false;
  #reuses: "part" | "file" | undefined;
  #existing: Deno.FileInfo | undefined;

  /** `fresh`: this copy created the directory, so it contains no earlier files. */
  constructor(readonly directory: string, readonly name: string, readonly fresh = false) {
    this.part = joined(directory, partName(name, (text) => new TextEncoder().encode(text).length));
  }

  get path(): string {
    return joined(this.directory, this.name);
  }

  /** Returns the bytes that this machine already has: of a partial file, or of a file with the same size and time. */
  async have({ sizeBytes, modifiedNs }: FileEntry): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (this.fresh) return undefined;
    const part = await lstatIfThere(this.part), file = await lstatIfThere(this.path);
    this.#existing = file;
    if (part !== undefined) {
      if (!isPlain(part) || part.size === 0 || part.size > sizeBytes) return undefined;
      this.#reuses = "part";
      return bytesOf(this.part);
    }
    const sameTime = file?.mtime?.getTime() === dateOf(modifiedNs).getTime();
    if (file === undefined || !isPlain(file) || file.size === 0 || file.size !== sizeBytes || !sameTime) {
      return undefined;
    }
    this.#reuses = "file";
    return bytesOf(this.path);
  }

  /** Writes the chunks that arrive. Calls `wrote` with the number of bytes written so far, holes included. */
  async receive(reading: ReadingFile, wrote: (upTo: number) => void): Promise<WholeFile> {
    if (this.#existing?.isDirectory) throw new FileTrouble("", "EISDIR");
    if (reading.from > 0 && this.#reuses === "file") {
      // This machine has the whole file: any further chunk means that it has grown in the pod.
      let more = false;
      for await (const _chunk of reading.chunks) more = true;
      if (more) throw new FileTrouble("", "EBUSY");
      const { mode } = reading.entry;
      if (((this.#existing?.mode ?? 0) & 0o777) !== (mode & 0o777)) {
        await Deno.chmod(this.path, await this.#modeHere(mode));
      }
      return await reading.whole;
    }
    const { mode } = reading.entry;
    using file = await this.#openPart(reading.from > 0, mode);
    if (!await file.tryLock(true)) throw new FileTrouble("", "EBUSY");
    try {
      const whole = await this.#write(file, reading, wrote);
      // Created with this mode, reduced by the umask and the directory's ACL.
      const made = ((await file.stat()).mode ?? 0) & 0o777;
      if ((made & mode) !== made) await Deno.chmod(this.part, made & mode);
      const modified = dateOf(reading.entry.modifiedNs);
      await file.utime(modified, modified);
      await Deno.rename(this.part, this.path).catch((error) => {
        throw (error as { code?: unknown }).code === "EBUSY" ? new FileTrouble("", "EMOUNT") : error;
      });
      return whole;
    } catch (error) {
      this.kept = (await file.stat()).size > 0;
      throw error;
    }
  }

  /** Returns the permissions that a new file with this mode gets here, after the umask and the directory's ACL. */
  async #modeHere(mode: number): Promise<number> {
    using probe = await Deno.open(this.part, { write: true, createNew: true, mode: mode & 0o777 });
    await Deno.remove(this.part);
    return ((await probe.stat()).mode ?? 0) & 0o777;
  }

  /** Removes the partial file, from which no copy can resume. */
  async discard(): Promise<void> {
    this.kept = false;
    await Deno.remove(this.part).catch(() => {});
  }

  async #write(file: Deno.FsFile, reading: ReadingFile, wrote: (upTo: number) => void): Promise<WholeFile> {
    let at = 0, before: Promise<void> = Promise.resolve();
    try {
      for await (const { offset, bytes } of reading.chunks) {
        // The next chunk arrives while this one is written.
        await before;
        if (offset !== at) await file.seek(offset, Deno.SeekMode.Start);
        at = offset + bytes.length;
        before = writeAll(file, bytes).then(() => wrote(offset + bytes.length));
        before.catch(() => {});
      }
    } finally {
      await before;
    }
    const whole = await reading.whole;
    if (at !== whole.sizeBytes || reading.from > 0) await file.truncate(whole.sizeBytes);
    return whole;
  }

  async #openPart(resumes: boolean, mode: number): Promise<Deno.FsFile> {
    const open = () => Deno.open(this.part, { write: true, createNew: !resumes, mode: mode & 0o777 | 0o600 });
    try {
      return await open();
    } catch (error) {
      if (resumes || !(error instanceof Deno.errors.AlreadyExists)) throw error;
      await this.#removePart();
      return await open();
    }
  }

  /** Removes whatever has the partial file's name, except a directory. A symlink is removed, not followed. */
  async #removePart(): Promise<void> {
    if ((await lstatIfThere(this.part))?.isDirectory) throw new FileTrouble("", "EEXIST");
    await Deno.remove(this.part);
  }
}

/** True for a regular file with one name: a symlink may point anywhere, and a second hard link may belong to someone else. */
function isPlain({ isFile, nlink }: Deno.FileInfo): boolean {
  return isFile && (nlink ?? 1) === 1;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

/** Reads at most `size` bytes of a file; fewer if the file is shorter. */
export async function readStart(path: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let count: number | null = 1; length < size && count !== null; length += count ?? 0) {
    count = await file.read(bytes.subarray(length));
  }
  return bytes.subarray(0, length);
}

async function* bytesOf(path: string): AsyncIterable<Uint8Array> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(chunkBytes);
  for (let length = await file.read(buffer); length !== null; length = await file.read(buffer)) {
    yield buffer.subarray(0, length);
  }
}

/** Reads a file in chunks, from an offset up to a size. Skips blocks of zeros if the file has holes. */
export async function* chunksOf(
  file: Deno.FsFile,
  { from, size, sparse }: { from: number; size: number; sparse: boolean },
): AsyncIterable<Chunk> {
  await file.seek(from, Deno.SeekMode.Start);
  let at = from;
  while (at < size) {
    const buffer = new Uint8Array(Math.min(chunkBytes, size - at));
    const length = await file.read(buffer);
    if (length === null) break;
    const bytes = buffer.subarray(0, length);
    for (const run of sparse ? dataRuns(bytes) : [{ start: 0, end: length }]) {
      yield { offset: at + run.start, bytes: bytes.subarray(run.start, run.end) };
    }
    at += length;
  }
  // An empty chunk marks the end of the file, which may lie behind a hole.
  yield { offset: at, bytes: new Uint8Array() };
}

const blockBytes = 64 * 1024;

/** Returns the ranges that are not all zeros, in steps of 64 KiB. */
export function dataRuns(bytes: Uint8Array<ArrayBuffer>): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.length);
    if (isZero(bytes.subarray(start, end))) continue;
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

function isZero(bytes: Uint8Array<ArrayBuffer>): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
