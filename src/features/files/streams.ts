import type { ReadingFile } from "../../manager/client/target_files.ts";
import { writeAllAsync } from "../../terminal/terminal.ts";

const zeros = new Uint8Array(1 << 16);

/** Writes a file to a stream; holes become zeros. Throws ClosedPipe if the stream's reader is gone. */
export async function printChunks(
  reading: ReadingFile,
  to: { write(bytes: Uint8Array): Promise<number> },
  wrote: (upTo: number) => void = () => {},
): Promise<void> {
  let at = 0;
  const fill = async (offset: number) => {
    for (; at < offset; at += Math.min(zeros.length, offset - at)) {
      await writeAllAsync(to, zeros.subarray(0, Math.min(zeros.length, offset - at)));
    }
  };
  for await (const { offset, bytes } of reading.chunks) {
    await fill(offset);
    await writeAllAsync(to, bytes);
    wrote(at = offset + bytes.length);
  }
  await fill((await reading.whole).sizeBytes);
}
