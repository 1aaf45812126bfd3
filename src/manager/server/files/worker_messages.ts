/** The messages between the manager and a Worker that does its calls on files. */
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
import type { Name } from "./names.ts";

/** The calls that a Worker does. Requests and responses travel as bytes: those are handed over, not copied. */
export const fileCalls = {
  listFiles: { request: ListFilesRequestSchema, response: ListFilesResponseSchema },
  readFiles: { request: ReadFilesRequestSchema, response: ReadFilesResponseSchema },
  writeFiles: { request: WriteFilesRequestSchema, response: WriteFilesResponseSchema },
  findInode: { request: FindInodeRequestSchema, response: FindInodeResponseSchema },
} as const;

export type FileCallName = keyof typeof fileCalls;

/** So many requests and responses of a call at most are on their way to a Worker and from it. */
export const ahead = 2;
/** Interval at which a Worker that is not held up says so, in milliseconds. */
export const aliveMs = 1000;

/** Gives memory back at once: the collector lets hundreds of megabytes of such messages come together. */
export function free({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/** An unfinished file in a target, for Parts. */
export interface LeftPart {
  /** The open directory, by O_PATH. */
  directory: number;
  name: Name;
  inode: bigint;
  /** The process whose root it is in. */
  pid: number;
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
  /** Removes these, outside of any call; answered by `done`. */
  | { type: "remove"; parts: LeftPart[] };

export type FromWorker =
  /** One more request may be sent. */
  | { type: "ask" }
  | { type: "response"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "alive" }
  | { type: "keep"; part: LeftPart }
  | { type: "forget"; inode: bigint; name: Name }
  /** The call has ended, by an error where there is one: a code of gRPC. */
  | { type: "done"; error?: { code: number; message: string } };
