import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { BatchItem, FileWriter, ItemWritten } from "../../../../src/manager/client/target_files.ts";

/** Writes a batch of one item. Throws FileTrouble. */
export async function writeOne(writer: FileWriter, item: BatchItem): Promise<ItemWritten> {
  const [result] = await writer.batch([item]).written;
  if (result === undefined || result instanceof FileTrouble) throw result ?? new Error("there is no answer");
  return result;
}

export function makeLink(writer: FileWriter, link: { path: string; to: string }): Promise<ItemWritten> {
  return writeOne(writer, { kind: "symlink", ...link });
}

/** Creates a directory. Returns true when it did not exist. */
export async function makeDirectory(
  writer: FileWriter,
  directory: { path: string; mode: number; modifiedNs: bigint; finish: boolean },
): Promise<boolean> {
  return (await writeOne(writer, { kind: "directory", ...directory })).created;
}
