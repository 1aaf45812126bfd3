import { Channel } from "./channel.ts";

/** Values of several sources as they come, until all have ended. Throws what the first of them threw, after all others. */
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
