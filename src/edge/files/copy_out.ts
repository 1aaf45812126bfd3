import { baseName } from "../../copy_place.ts";
import type { Event } from "../../event.ts";
import { isHopeless } from "../../file_trouble.ts";
import { FileTrouble } from "../../files.ts";
import type { FileEntry, FileReader, ReadingFile } from "../../files.ts";
import { ScopeError } from "../../errors.ts";
import { isPart } from "../../part_name.ts";
import type { Copy } from "./copy_files.ts";
import { LocalFile } from "./local_file.ts";
import { isSafe, LocalFolders, parentOf } from "./local_folders.ts";
import { ifThere, joined, localTrouble } from "./local_trouble.ts";
import { printPieces } from "./streams.ts";

/** So many files are asked for ahead: a small one takes less time than the way to the pod. */
const ahead = 32;
/** A list of more is not kept in memory. */
const mostEntries = 1_000_000;

/** Copies from a pod to this machine. Yields `cp.file` and `failed`, and `cp.summary` at the end. */
export async function* copyOut(copy: Copy): AsyncIterable<Event> {
  const { request: { remote, follow }, signal, beside: { files }, progress } = copy;
  const source = `${copy.place}:${remote}`;
  const { entries, troubles } = await list(copy);
  const top = entries[0]!;
  if (top.kind !== "file" && top.kind !== "folder") throw copy.error("read", "pod", remote, "ENOTREG");
  progress.state.totalFiles = entries.filter(({ kind }) => kind === "file").length;
  progress.state.totalBytes = entries.reduce((sum, { kind, sizeBytes }) => kind === "file" ? sum + sizeBytes : sum, 0);
  const destination = await destinationOf(copy, top.kind === "folder");
  await using reader = files.reader(remote, { follow, signal });
  if (destination.stream !== undefined) {
    await stream(copy, reader, destination.stream);
    return;
  }
  const folders = new LocalFolders(destination.path);
  for (const { path, code } of troubles) yield copy.failed(path, code);

  /** What fails for one of several is told; the only one, or what no other can get over, ends all. */
  const failed = async (path: string, trouble: unknown, file?: LocalFile): Promise<Event> => {
    const shown = joined(destination.path, path);
    if (!(trouble instanceof FileTrouble)) throw trouble;
    await file?.discard();
    copy.kept = undefined;
    if (top.kind === "file" || isHopeless(trouble.code)) throw copy.error("write", "local", shown, trouble.code);
    return copy.failed(path, trouble.code);
  };

  const wanted: { entry: FileEntry; file: LocalFile }[] = [], links: FileEntry[] = [];
  for (const entry of entries) {
    try {
      if (entry.path !== "" && !isSafe(entry.path)) throw new FileTrouble(entry.path, "ENOTSAFE");
      if (entry.kind === "folder") await folders.make(entry);
      else if (entry.kind === "link") links.push(entry);
      else if (entry.kind !== "file") throw new FileTrouble(entry.path, "ENOTREG");
      else wanted.push({ entry, file: await localFile(folders, destination, entry) });
    } catch (error) {
      yield await failed(entry.path, localTrouble(entry.path, error));
    }
  }
  const asked: { entry: FileEntry; file: LocalFile }[] = [];
  for (let next = 0; next < wanted.length || asked.length > 0;) {
    const one = wanted[next];
    if (one !== undefined && asked.length < ahead) {
      next++;
      // What cannot be read here is not gone on with.
      await one.file.have(one.entry).then((have) => reader.ask(one.entry.path, have))
        .catch(() => reader.ask(one.entry.path));
      asked.push(one);
      continue;
    }
    yield await receive(asked.shift()!);
  }
  for (const entry of links) {
    try {
      await folders.link(entry);
    } catch (error) {
      yield await failed(entry.path, localTrouble(entry.path, error));
    }
  }
  await folders.finish();
  yield copy.summary(source, destination.path);

  async function receive({ entry, file }: { entry: FileEntry; file: LocalFile }): Promise<Event> {
    const started = performance.now(), before = progress.state.bytes;
    progress.state.name = entry.path || baseName(remote);
    let reading: ReadingFile | undefined;
    try {
      reading = await reader.next();
      progress.state.resumedBytes += reading.from;
      progress.state.bytes = before + reading.from;
      const whole = await file.receive(reading, (upTo) => progress.state.bytes = before + upTo);
      progress.state.files++;
      progress.state.bytes = before + entry.sizeBytes;
      return copy.file(entry.path || file.name, whole, reading.from, started);
    } catch (error) {
      if (file.kept) copy.kept = { path: file.part, forAWhile: false };
      if (signal.aborted || error instanceof ScopeError) throw error;
      const trouble = localTrouble(entry.path, error);
      if (trouble instanceof FileTrouble && reading === undefined) {
        if (top.kind === "file") throw copy.error("read", "pod", remote, trouble.code);
        return copy.failed(entry.path, trouble.code);
      }
      const event = await failed(entry.path, trouble, file);
      // What is still sent of it belongs to no other file.
      try {
        for await (const _piece of reading?.pieces ?? []);
      } catch (error) {
        if (!(error instanceof FileTrouble)) throw error;
      }
      return event;
    }
  }
}

async function list(copy: Copy): Promise<{ entries: FileEntry[]; troubles: FileTrouble[] }> {
  const { request: { remote, follow }, signal, beside: { files } } = copy;
  const entries: FileEntry[] = [], troubles: FileTrouble[] = [];
  try {
    for await (const entry of files.list(remote, { depth: "tree", follow, signal })) {
      if (entry instanceof FileTrouble) troubles.push(entry);
      else if (entry.path === "" || entry.kind === "folder" || !isPart(baseName(entry.path))) entries.push(entry);
      else troubles.push(new FileTrouble(entry.path, "EPART"));
      if (entries.length > mostEntries) {
        throw new ScopeError("usage", `There are more than ${mostEntries} files in "${remote}"`, {
          hint: "copy the folders in it one by one",
        });
      }
    }
  } catch (error) {
    if (error instanceof FileTrouble) throw copy.error("read", "pod", remote, error.code);
    throw error;
  }
  return { entries, troubles };
}

interface Destination {
  path: string;
  /** Set for what is no file: written as it comes. */
  stream?: { write(bytes: Uint8Array): Promise<number> };
}

/** Where it goes: below a folder that is there, by its own name; else to the path that was given. */
async function destinationOf(copy: Copy, folder: boolean): Promise<Destination> {
  const { remote, local } = copy.request;
  if (local === "-") {
    if (folder) throw copy.error("read", "pod", remote, "EISDIR");
    return { path: "-", stream: Deno.stdout };
  }
  try {
    const there = await ifThere(() => Deno.stat(local)), name = baseName(remote);
    if (there?.isDirectory) {
      if (name === "" && !folder) throw new FileTrouble(local, "EISDIR");
      return { path: joined(local, name) };
    }
    if (there !== undefined && (folder || local.endsWith("/"))) throw new FileTrouble(local, "ENOTDIR");
    if (there?.isFile) return { path: await Deno.realPath(local) };
    if (there !== undefined) return { path: local, stream: await Deno.open(local, { write: true }) };
    const trimmed = local.replace(/(?<=.)\/+$/, "");
    if (!folder && trimmed !== local) throw new FileTrouble(local, "ENOENT");
    const parent = parentOf(trimmed) || (trimmed.startsWith("/") ? "/" : ".");
    if (!(await Deno.stat(parent)).isDirectory) throw new FileTrouble(parent, "ENOTDIR");
    return { path: trimmed };
  } catch (error) {
    const trouble = localTrouble(local, error);
    if (trouble instanceof FileTrouble) throw copy.error("write", "local", trouble.path, trouble.code);
    throw trouble;
  }
}

async function localFile(folders: LocalFolders, { path }: Destination, entry: FileEntry): Promise<LocalFile> {
  if (entry.path === "") return new LocalFile(parentOf(path) || (path.startsWith("/") ? "/" : "."), baseName(path));
  const parent = parentOf(entry.path);
  await folders.check(parent);
  return new LocalFile(joined(path, parent), baseName(entry.path));
}

async function stream(copy: Copy, reader: FileReader, to: NonNullable<Destination["stream"]>): Promise<void> {
  const { progress, request: { remote } } = copy;
  try {
    await reader.ask("");
    const reading = await reader.next();
    progress.state.name = baseName(remote);
    await printPieces(reading, to, (upTo) => progress.state.bytes = upTo);
  } catch (error) {
    const trouble = localTrouble(remote, error);
    throw trouble instanceof FileTrouble ? copy.error("read", "pod", remote, trouble.code) : trouble;
  }
}
