/** Larger files are sent alone, and so are files with holes; a hole is never smaller than a page. */
const smallBytes = 64 * 1024, pageBytes = 4096;
/** Limits of a batch, in bytes and in items. */
const batchBytes = 512 * 1024, batchLength = 256;
/** Number of local files that are open at a time. */
const concurrency = 16;

export function isSmall(sizeBytes: number, sparse: boolean): boolean {
  return sizeBytes <= smallBytes && !(sparse && sizeBytes >= pageBytes);
}

/** Groups consecutive small items into batches. Items for which `sizeOf` returns undefined are yielded alone. */
export function* batches<T>(all: Iterable<T>, sizeOf: (one: T) => number | undefined): Iterable<T[] | T> {
  let batch: T[] = [], bytes = 0;
  for (const one of all) {
    const size = sizeOf(one);
    if (batch.length > 0 && (size === undefined || batch.length === batchLength || bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (size === undefined) yield one;
    else {
      batch.push(one);
      bytes += size;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Runs `work` on several items at a time; returns the results in item order. Rejects once running work ended, if any failed. */
export async function together<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [], failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      await work(items[at]!).then((result) => void (results[at] = result), (error) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
