/** Messages between the manager and a Worker that executes its calls on files. */
import {
  FindInodeRequestSchema,
  FindInodeResponseSchema,
  ListFilesRequestSchema,
  ListFilesResponseSchema,
  ReadFilesRequestSchema,
  ReadFilesResponseSchema,
  WriteFilesRequestSchema,
  WriteFilesResponseSchema,
} from "../../protocol/gen/manager_pb.ts";
import type { Refusal_Reason } from "../../protocol/gen/manager_pb.ts";
import type { Name } from "./names.ts";

/** The calls that a Worker executes. Requests and responses travel as bytes, which are transferred, not copied. */
export const fileCalls = {
  listFiles: { request: ListFilesRequestSchema, response: ListFilesResponseSchema },
  readFiles: { request: ReadFilesRequestSchema, response: ReadFilesResponseSchema },
  writeFiles: { request: WriteFilesRequestSchema, response: WriteFilesResponseSchema },
  findInode: { request: FindInodeRequestSchema, response: FindInodeResponseSchema },
} as const;

export type FileCallName = keyof typeof fileCalls;

/** Limit of the requests, and of the responses, of a call in flight to or from a Worker. */
export const ahead = 2;
/** Interval at which a Worker that is not blocked reports it, in milliseconds. */
export const aliveMs = 1000;

/** Releases memory at once: the garbage collector lets hundreds of megabytes of messages accumulate. */
export function free({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/** An unfinished file in a target, for PartialFiles. */
export interface LeftPart {
  /** The open directory, by O_PATH. */
  directory: number;
  name: Name;
  inode: bigint;
  /** The process whose root it is in. */
  pid: number;
}

/** The error that ended a call in a Worker. */
export interface WorkerError {
  /** Of gRPC. */
  code: number;
  message: string;
  /** Set where the call was refused. */
  reason?: keyof typeof Refusal_Reason;
}

export type ToWorker =
  | { type: "begin"; call: FileCallName }
  | { type: "request"; bytes: Uint8Array<ArrayBuffer> }
  /** The client sends no more requests. */
  | { type: "end" }
  /** One more response may be sent. */
  | { type: "more" }
  /** The client has left. */
  | { type: "gone" }
  /** Removes these parts, outside of any call; answered by `done`. */
  | { type: "remove"; parts: LeftPart[] };

export type FromWorker =
  /** One more request may be sent. */
  | { type: "ask" }
  | { type: "response"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "alive" }
  | { type: "keep"; part: LeftPart }
  | { type: "forget"; inode: bigint; name: Name }
  /** The call has ended; `error` has a gRPC code. */
  | { type: "done"; error?: WorkerError };
