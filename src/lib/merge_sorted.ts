/**
 * Merges sorted sources into one order; the order within an unsorted source is kept. Reads at most the next batch of a source
 * ahead, and closes all sources at the end. Throws the error of a source.
 */
export async function* mergeSorted<T>(
  sources: readonly AsyncIterable<readonly T[]>[],
  isBefore: (a: T, b: T) => boolean,
): AsyncIterable<T> {
  const all = sources.map((source): Head<T> => ({ rest: source[Symbol.asyncIterator](), batch: [], at: 0 }));
  try {
    const filled = await Promise.all(all.map(fill));
    let heads = all.filter((_, index) => filled[index]);
    while (heads.length > 0) {
      const [first, second] = firstTwo(heads, isBefore);
      // Stay with one source until another one has the earlier value.
      do {
        yield first.batch[first.at++]!;
        if (first.at === first.batch.length && !await fill(first)) {
          heads = heads.filter((head) => head !== first);
          break;
        }
      } while (second === undefined || !isBefore(second.batch[second.at]!, first.batch[first.at]!));
    }
  } finally {
    // Close all, also after a failure or when the consumer stops early.
    for (const { rest } of all) rest.return?.().catch(() => {});
  }
}

interface Head<T> {
  rest: AsyncIterator<readonly T[]>;
  batch: readonly T[];
  at: number;
}

/** Takes the next non-empty batch. Returns false at the end. */
async function fill<T>(head: Head<T>): Promise<boolean> {
  for (let next = await head.rest.next(); !next.done; next = await head.rest.next()) {
    if (next.value.length === 0) continue;
    head.batch = next.value;
    head.at = 0;
    return true;
  }
  return false;
}

/** Returns the source with the earliest value and the source after it; of equal values, the first source in the list wins. */
function firstTwo<T>(heads: readonly Head<T>[], isBefore: (a: T, b: T) => boolean): [Head<T>, Head<T> | undefined] {
  let [first, second] = [heads[0]!, undefined as Head<T> | undefined];
  for (const head of heads.slice(1)) {
    const value = head.batch[head.at]!;
    if (isBefore(value, first.batch[first.at]!)) [first, second] = [head, first];
    else if (second === undefined || isBefore(value, second.batch[second.at]!)) second = head;
  }
  return [first, second];
}
