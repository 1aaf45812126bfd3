/** One change as a watch tells it. */
export interface WatchLine {
  type: string;
  object: unknown;
}

/** Reads the changes of a watch, one JSON object a line. `heard` is called for all that comes. A last line without an end is left out. */
export async function* readWatch(body: AsyncIterable<Uint8Array>, heard: () => void): AsyncIterable<WatchLine> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const bytes of body) {
    heard();
    const [first = "", ...more] = decoder.decode(bytes, { stream: true }).split("\n");
    parts.push(first);
    for (const next of more) {
      const line = parts.join("");
      parts = [next];
      if (line !== "") yield JSON.parse(line) as WatchLine;
    }
  }
}
