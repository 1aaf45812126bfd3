import { Channel } from "./channel.ts";

/** Yields the values of several sources as they arrive, until all have ended. Then throws the first error of a source. */
export async function* merge<T>(sources: readonly AsyncIterable<T>[]): AsyncIterable<T> {
  const merged = new Channel<T>();
  let stopped = false, failure: { error: unknown } | undefined;
  const read = async (source: AsyncIterable<T>) => {
    try {
      for await (const value of source) {
        await merged.push(value);
        if (stopped) return;
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  void Promise.all(sources.map(read)).then(() => merged.close());
  try {
    yield* merged;
  } finally {
    stopped = true;
  }
  if (failure !== undefined) throw failure.error;
}
