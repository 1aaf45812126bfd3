/** Time for which the work of a call may delay messages, in milliseconds. */
const longestMs = 20;

/** Lets long work yield to the event loop when due, so that messages are handled, such as the client's disconnect. */
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
