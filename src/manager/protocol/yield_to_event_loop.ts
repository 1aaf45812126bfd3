/** Time for which the work of a call may keep its messages waiting, in milliseconds. */
const longestMs = 20;

/** For long work on the event loop: says when messages must have their turn, as that the client has left. */
export function yieldToEventLoop() {
  let since = performance.now();
  return {
    get due(): boolean {
      return performance.now() - since > longestMs;
    },
    async take(): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 0));
      since = performance.now();
    },
  };
}
