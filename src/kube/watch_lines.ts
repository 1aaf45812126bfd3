/** One change of a watch. */
export interface WatchLine {
  type: string;
  object: unknown;
}

/** Reads the changes of a watch, one JSON object per line. Calls `onData` for each chunk. Ignores a last line without an end. */
export async function* readWatch(body: AsyncIterable<Uint8Array>, onData: () => void): AsyncIterable<WatchLine> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const bytes of body) {
    onData();
    const [first = "", ...more] = decoder.decode(bytes, { stream: true }).split("\n");
    parts.push(first);
    for (const next of more) {
      const line = parts.join("");
      parts = [next];
      if (line !== "") yield JSON.parse(line) as WatchLine;
    }
  }
}
