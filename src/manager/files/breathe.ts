/** How long one call may keep all others waiting, in milliseconds. */
const longestMs = 20;

/** For long work on the event loop: says when others, and beats above all, must have their turn. */
export function breathe() {
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
