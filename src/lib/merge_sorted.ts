/**
 * The values of several sources in one order, where each source is in order already, and one that is not stays as it is.
 * Reads no more of a source than the next batch, and closes them all at the end. Throws what a source throws.
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
      // A run of one source, up to where another one has its turn.
      do {
        yield first.batch[first.at++]!;
        if (first.at === first.batch.length && !await fill(first)) {
          heads = heads.filter((head) => head !== first);
          break;
        }
      } while (second === undefined || !isBefore(second.batch[second.at]!, first.batch[first.at]!));
    }
  } finally {
    // Where one has failed, or nobody wants more.
    for (const { rest } of all) rest.return?.().catch(() => {});
  }
}

interface Head<T> {
  rest: AsyncIterator<readonly T[]>;
  batch: readonly T[];
  at: number;
}

/** Takes the next batch that is not empty; false at the end. */
async function fill<T>(head: Head<T>): Promise<boolean> {
  for (let next = await head.rest.next(); !next.done; next = await head.rest.next()) {
    if (next.value.length === 0) continue;
    head.batch = next.value;
    head.at = 0;
    return true;
  }
  return false;
}

/** The source whose value comes next, and the one after it; of equals, the one that stands first. */
function firstTwo<T>(heads: readonly Head<T>[], isBefore: (a: T, b: T) => boolean): [Head<T>, Head<T> | undefined] {
  let [first, second] = [heads[0]!, undefined as Head<T> | undefined];
  for (const head of heads.slice(1)) {
    const value = head.batch[head.at]!;
    if (isBefore(value, first.batch[first.at]!)) [first, second] = [head, first];
    else if (second === undefined || isBefore(value, second.batch[second.at]!)) second = head;
  }
  return [first, second];
}
