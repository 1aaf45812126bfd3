/** Files that are larger travel by themselves, and so do those that have holes: none is smaller than a page. */
const smallBytes = 64 * 1024, pageBytes = 4096;
/** So many bytes and things at most travel together. */
const batchBytes = 512 * 1024, batchLength = 256;
/** So many files of this machine are opened at a time. */
const atATime = 16;

export function isSmall(sizeBytes: number, sparse: boolean): boolean {
  return sizeBytes <= smallBytes && !(sparse && sizeBytes >= pageBytes);
}

/** Groups small things in a row; larger ones travel alone. `sizeOf` is undefined for those. */
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

/** The results in the order of the items; some are worked on at a time. Rejects, once all have ended, when one does. */
export async function together<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [], failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      await work(items[at]!).then((result) => void (results[at] = result), (error) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
