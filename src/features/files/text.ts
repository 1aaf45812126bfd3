import type { EventText, TextLook } from "../../renderer.ts";
import type { FilesEvent } from "./events.ts";
import type { CopySummary, FileCopied, FileKind, FileListed, InodeFound } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { bytes } from "../../text/format.ts";
import { type Cell, right, table } from "../../text/table.ts";

export function copiedLine({ path, sizeBytes: count, resumedBytes }: FileCopied): string {
  const resumed = resumedBytes === undefined
    ? ""
    : resumedBytes === count
    ? ", was the same"
    : `, went on at ${bytes(resumedBytes)}`;
  return safe(`${path}: ${bytes(count)}${resumed}`);
}

export function copySummaryLine(event: CopySummary): string {
  const { source, destination, files, copiedBytes: count, durationMs, bytesPerSecond, resumedBytes } = event;
  const many = files === 1 ? "1 file" : `${files} files`;
  const resumed = resumedBytes === undefined ? "" : `, ${bytes(resumedBytes)} were there already`;
  const took = `${(durationMs / 1000).toFixed(1)} s`;
  return safe(
    `${source} -> ${destination}: ${many}, ${bytes(count)} in ${took} (${bytes(bytesPerSecond)}/s)${resumed}`,
  );
}

const letters: Readonly<Record<FileKind, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  device: "c",
  socket: "s",
  fifo: "p",
  unknown: "?",
};

/** Formats a mode like ls(1): `-rwsr-xr-x`. */
export function modeText(kind: FileKind, mode: number): string {
  const bit = (mask: number, letter: string) => mode & mask ? letter : "-";
  const last = (execute: number, special: number, letter: string) =>
    mode & special ? (mode & execute ? letter : letter.toUpperCase()) : bit(execute, "x");
  return letters[kind] +
    bit(0o400, "r") + bit(0o200, "w") + last(0o100, 0o4000, "s") +
    bit(0o040, "r") + bit(0o020, "w") + last(0o010, 0o2000, "s") +
    bit(0o004, "r") + bit(0o002, "w") + last(0o001, 0o1000, "t");
}

/** Formats files as a table, sorted by path. */
export function fileTable(entries: readonly FileListed[], columns: number, color: boolean): string[] {
  if (entries.length === 0) return [];
  const sorted = entries.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  const rows = sorted.map((entry): Cell[] => [
    { text: entry.inode },
    { text: modeText(entry.kind, parseInt(entry.mode, 8)) },
    { text: safe(entry.owner ?? String(entry.uid)) },
    { text: safe(entry.group ?? String(entry.gid)) },
    { text: String(entry.sizeBytes) },
    { text: entry.modified.slice(0, 16).replace("T", " ") },
    {
      text: safe(entry.link === undefined ? entry.path : `${entry.path} -> ${entry.link}`),
      look: entry.kind === "directory" ? "accent" : "plain",
    },
  ]);
  const heads = [right("INODE"), { title: "MODE" }, { title: "OWNER" }, { title: "GROUP" }, right("BYTES")];
  return table([...heads, { title: "MODIFIED (UTC)" }, { title: "NAME" }], rows, columns, color);
}

/** Formats the path, followed by its locations on the node. */
export function inodeLines({ path, layers, noLayers }: InodeFound): string[] {
  if (layers.length === 0) return [safe(path), safe(`  layer unknown: ${noLayers ?? "no layer has this path"}`)];
  return [
    path,
    ...layers.map(({ nodePath, upper, sameInode }, at) => {
      const what = upper ? "the container's own layer" : "a layer of the image";
      const hidden = at > 0 ? ", hidden by the one above" : "";
      return `  ${nodePath}  (${what}${hidden}${sameInode ? "" : ", another inode"})`;
    }),
  ].map(safe);
}

export function filesText({ color, columns }: TextLook): EventText<FilesEvent> {
  const entries: FileListed[] = [];
  return {
    lines(event) {
      switch (event.type) {
        case "fs.entry":
          entries.push(event);
          return [];
        case "fs.inode":
          return inodeLines(event);
        case "cp.file":
          return [copiedLine(event)];
        case "cp.summary":
          return [copySummaryLine(event)];
      }
    },
    tables: () => [fileTable(entries, columns(), color)],
  };
}
