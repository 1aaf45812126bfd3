/**
 * The program of a Worker that executes the manager's calls on files of a target, one at a time: a file system that does not
 * answer, such as NFS without its server, blocks only this thread.
 */
import { removeParts } from "./files/left_part.ts";
import { WorkerCall } from "./files/worker_call.ts";
import { aliveMs } from "./files/worker_messages.ts";
import type { FromWorker, ToWorker } from "./files/worker_messages.ts";

const manager = globalThis as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
};
const post = (message: FromWorker, transfer: Transferable[] = []) => manager.postMessage(message, transfer);

const parts = {
  keep: (part: (FromWorker & { type: "keep" })["part"]) => post({ type: "keep", part }),
  forget: (inode: bigint, name: string) => post({ type: "forget", inode, name }),
};
let call: WorkerCall | undefined;

manager.onmessage = ({ data }) => {
  switch (data.type) {
    case "begin": {
      call = new WorkerCall(data.call, post, parts);
      const timer = setInterval(() => post({ type: "alive" }), aliveMs);
      return void call.run().finally(() => clearInterval(timer));
    }
    case "request":
      return call?.request(data.bytes);
    case "end":
      return call?.end();
    case "more":
      return call?.more();
    case "gone":
      return call?.leave();
    case "remove":
      removeParts(data.parts);
      return post({ type: "done" });
  }
};
