/**
 * Returns the end of a failed container's log in one line: its last error, or else its last line. `message` is the end of
 * the log as the kubelet reports it (FallbackToLogsOnError). Returns undefined when there is no text.
 */
export function lastErrorLine(message = ""): string | undefined {
  const lines = message.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^at |^\^/.test(line));
  return (lines.findLast((line) => /^error:/i.test(line)) ?? lines.at(-1))?.replace(/^error: */i, "");
}
