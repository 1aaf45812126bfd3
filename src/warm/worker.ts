import { defined } from "../lib/defined.ts";
import { type Greeting, type Hello, kinds, Link, told } from "./link.ts";
import { isCurrent, lastUse, type WorkerPlace } from "./place.ts";
import { type Claimed, type Load, workFor } from "./work.ts";

/** Time for which a worker waits for a command, in milliseconds. */
const waitMs = 600_000;
/** Interval at which a waiting worker looks whether it is still wanted, in milliseconds. */
const lookMs = 5000;

/** Waits for a command, and works for it. Returns when there was none, or another worker waits already. */
export async function waitForCommand(place: WorkerPlace, load: Load): Promise<void> {
  const claimed = await waitLocked(place, load);
  if (claimed !== undefined) await workFor(claimed, place, load);
}

/** Waits if no other worker does. */
async function waitLocked(place: WorkerPlace, load: Load): Promise<Claimed | undefined> {
  using lock = Deno.openSync(place.lock, { create: true, write: true, mode: 0o600 });
  // The worker that had it before may have removed it meanwhile.
  if (!lock.tryLockSync(true) || inodeOf(place.lock) !== lock.statSync().ino) return undefined;
  const claimed = await claim(place, load);
  if (inodeOf(place.lock) === lock.statSync().ino) remove(place.lock);
  if (claimed === undefined) remove(place.directory); // if it is empty
  return claimed;
}

/** Listens until a program hands its command over; resolves to undefined when none does. */
async function claim({ socket, key, mode }: WorkerPlace, load: Load): Promise<Claimed | undefined> {
  remove(socket); // of a worker that was killed
  const listener = Deno.listen({ transport: "unix", path: socket });
  Deno.chmodSync(socket, 0o600);
  // Only to show in which network this process is, see Greeting.
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const inode = inodeOf(socket), since = new Date().toISOString();
  const claimed = Promise.withResolvers<Claimed | undefined>();
  const end = () => claimed.resolve(undefined);
  const isWanted = () => inodeOf(socket) === inode && isCurrent(key);
  const late = setTimeout(end, waitMs), look = setInterval(() => isWanted() || end(), lookMs);
  const prepared = load().then(({ loadAhead }) => loadAhead()).then(({ prepare }) => prepare(lastUse()));
  prepared.catch(end);
  const meet = async (connection: Deno.Conn) => {
    const link = new Link(connection), frames = link.frames()[Symbol.asyncIterator]();
    const { manager } = await prepared;
    const greeting: Greeting = {
      ...{ key, pid: Deno.pid, since, port: taken.addr.port, residentBytes: Deno.memoryUsage().rss },
      ...defined({ manager: manager() }),
    };
    link.tell(kinds.greeting, greeting);
    const first = await frames.next();
    if (!first.done && first.value.kind === kinds.end) end();
    if (!first.done && first.value.kind === kinds.hello) {
      const hello = told<Hello>(first.value);
      // The next worker will have this program's mask of new files.
      claimed.resolve(hello.mode === mode ? { link, frames, hello } : undefined);
      if ((await claimed.promise)?.link === link) return;
    }
    link[Symbol.dispose](); // before it has begun: the program does the work itself
  };
  const accept = async () => {
    for await (const connection of listener) void meet(connection);
  };
  accept().catch(() => {});
  const found = await claimed.promise;
  listener.close();
  taken.close();
  clearTimeout(late);
  clearInterval(look);
  if (inodeOf(socket) === inode) remove(socket);
  (await prepared.catch(() => undefined))?.end();
  return found;
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return undefined;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It has gone.
  }
}
