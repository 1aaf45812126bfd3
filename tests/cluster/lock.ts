/** Holds an exclusive lock on the file until it is disposed of; the kernel drops it with the process. */
export async function lockFile(path: string, onWait: () => void, signal?: AbortSignal): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  const waiting = setTimeout(onWait, 500);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    await Promise.race([file.lock(true), aborted.promise]);
  } finally {
    clearTimeout(waiting);
    signal?.removeEventListener("abort", abort);
  }
  return { [Symbol.dispose]: () => file.close() };
}
