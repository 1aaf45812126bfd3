/** Calls `action` once the signal is aborted, and at once if it is already. Disposing removes the listener. */
export function onAbort(signal: AbortSignal, action: () => void): Disposable {
  const listener = () => action();
  if (signal.aborted) action();
  else signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}
