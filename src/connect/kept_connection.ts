import type { Duplex } from "node:stream";
import type { Cluster } from "../kube/cluster.ts";
import { delay } from "../lib/delay.ts";
import { type ManagerPlace, setLastPlace } from "./last_place.ts";
import { connect, type ManagerConnection } from "../manager/client/connection.ts";

/** Limit for a kept connection to be made, and then for the manager to answer on it, in milliseconds. */
const answerMs = 1000;

interface Kept {
  /** The same function for requests to the same API server with the same credentials. */
  exec: Cluster["exec"];
  place: ManagerPlace;
  stream: Promise<{ stream: Duplex; connection: ManagerConnection } | undefined>;
  alive: boolean;
}

let kept: Kept | undefined;

/** Connects to a manager for the first command that wants it; does nothing if that fails. `open` opens a byte stream. */
export function keepConnection(cluster: Cluster, place: ManagerPlace, open: () => Promise<Duplex>): void {
  const connected = async () => {
    try {
      const stream = await open(), connection = connect(stream);
      stream.on("error", () => {}); // the connection reports it
      await connection.wait();
      one.alive = true;
      connection.lost.addEventListener("abort", () => one.alive = false);
      return { stream, connection };
    } catch {
      return undefined;
    }
  };
  const one: Kept = kept = { exec: cluster.exec, place, stream: Promise.resolve(undefined), alive: false };
  one.stream = connected();
}

/** Returns the place of the manager that the kept connection leads to, as `NAMESPACE/POD/CONTAINER`. */
export function keptPlace(): string | undefined {
  if (kept?.alive !== true) return undefined;
  const { namespace, pod, container } = kept.place;
  return `${namespace}/${pod}/${container}`;
}

/** Returns the kept connection's stream if it leads to this manager and is alive; each connection only once. */
export async function takeConnection(cluster: Cluster, place: ManagerPlace): Promise<Duplex | undefined> {
  setLastPlace(place);
  if (kept === undefined || kept.exec !== cluster.exec || !isSame(kept.place, place)) return undefined;
  const { stream } = kept, ended = new AbortController();
  kept = undefined;
  const found = await Promise.race([stream, delay(answerMs, ended.signal)]);
  ended.abort();
  if (found !== undefined && !found.connection.lost.aborted && await found.connection.resume(answerMs)) {
    return found.stream;
  }
  void stream.then((late) => late?.connection[Symbol.asyncDispose]());
  return undefined;
}

function isSame(one: ManagerPlace, other: ManagerPlace): boolean {
  return one.namespace === other.namespace && one.pod === other.pod && one.container === other.container;
}
