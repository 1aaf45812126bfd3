import { type Greeting, kinds, Link, told } from "./link.ts";
import { existingDirectory } from "./place.ts";

/** Limit for a worker to greet, in milliseconds. */
const greetMs = 2000;

/** Yields the greetings of all workers of this user that wait; `end` ends them. Throws where the directory is not this user's. */
export async function* meetWorkers({ end }: { end: boolean }): AsyncIterable<Greeting> {
  const directory = existingDirectory();
  for (const { name } of directory === undefined ? [] : Deno.readDirSync(directory)) {
    if (!name.endsWith(".sock")) continue;
    const greeting = await meet(`${directory}/${name}`, end);
    if (greeting !== undefined) yield greeting;
  }
}

/** Returns the greeting of the worker at a socket; undefined if none answers. */
async function meet(socket: string, end: boolean): Promise<Greeting | undefined> {
  const connection = await Deno.connect({ transport: "unix", path: socket }).catch(() => undefined);
  if (connection === undefined) return undefined;
  using link = new Link(connection);
  const late = setTimeout(() => link[Symbol.dispose](), greetMs);
  try {
    for await (const frame of link.frames()) {
      if (frame.kind !== kinds.greeting) return undefined;
      if (end) link.send(kinds.end);
      await link.flush();
      return told<Greeting>(frame);
    }
    return undefined;
  } finally {
    clearTimeout(late);
  }
}
