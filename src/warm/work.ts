import { BorrowedProcess } from "./borrowed_process.ts";
import { type Frame, type Hello, kinds, type Link } from "./link.ts";
import { lastUse, startWorker, type WorkerPlace } from "./place.ts";
import { Stopping } from "./stopping.ts";

/** Time from a command's start after which the next worker is started, if it has not ended before, in milliseconds. */
const nextMs = 1000;
/** Interval between the worker's beats, in milliseconds. */
const beatMs = 1000;

/** Loads the command line. */
export type Load = () => Promise<typeof import("../cli/main.ts")>;

/** A program that has handed its command over. */
export interface Claimed {
  link: Link;
  frames: AsyncIterator<Frame>;
  hello: Hello;
}

/** Works for a program until the end of its command, which ends this process. */
export async function workFor({ link, frames, hello }: Claimed, place: WorkerPlace, load: Load): Promise<never> {
  const process = new BorrowedProcess(link, hello), stopping = new Stopping(hello.pid);
  const follow = async () => {
    for (let next = await frames.next(); !next.done; next = await frames.next()) {
      stopping.heard();
      if (!process.take(next.value)) continue;
      link.send(kinds.stop);
      await link.flush();
      stopping.stop();
    }
    Deno.exit(0); // the program was killed
  };
  void follow();
  setInterval(() => link.send(kinds.beat), beatMs);
  const main = await load(), { run } = await main.loadAhead(), before = lastUse();
  const startNext = async () => startWorker(place, await main.lastUse() ?? before);
  setTimeout(startNext, nextMs);
  process.atEnd = startNext;
  become(hello);
  link.send(kinds.taken);
  return await process.exit(await run(process));
}

/** Takes over the directory and the variables. */
function become({ directory, env }: Hello): void {
  for (const name of Object.keys(Deno.env.toObject())) if (!Object.hasOwn(env, name)) Deno.env.delete(name);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  Deno.chdir(directory);
}
