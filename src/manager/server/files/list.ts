import { create } from "@bufbuild/protobuf";
import { FileEntrySchema, FileTroubleSchema, ListFilesResponseSchema } from "../../protocol/gen/manager_pb.ts";
import type { FileTrouble, ListFilesRequest, ListFilesResponse } from "../../protocol/gen/manager_pb.ts";
import { parsePasswd } from "../../../lib/proc.ts";
import { readInRoot } from "../root_file.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import type { EntryInit } from "./entry.ts";
import { codeOf } from "../../protocol/file_error.ts";
import { toBytes } from "./names.ts";
import type { Name } from "./names.ts";
import { TargetRoot } from "./target_root.ts";
import { walk } from "./walk.ts";

/** Limit of the entries in one message. */
const batch = 256;

/** Handles one ListFiles. */
export async function* listFiles(request: ListFilesRequest): AsyncIterable<ListFilesResponse> {
  const turn = yieldToEventLoop();
  let response = create(ListFilesResponseSchema);
  try {
    using root = TargetRoot.of(request.target);
    const named = request.names ? await namesOf(root.pid) : () => ({});
    for (const walked of walk(root, root.absolute(request.path), request)) {
      if ("trouble" in walked) response.troubles.push(troubleOf(walked.path, walked.trouble));
      else response.entries.push(create(FileEntrySchema, { ...walked.entry, ...named(walked.entry) }));
      if (response.entries.length + response.troubles.length < batch && !turn.due) continue;
      yield response;
      response = create(ListFilesResponseSchema);
      await turn.take();
    }
  } catch (error) {
    response.troubles.push(troubleOf("", codeOf(error)));
  }
  yield response;
}

export function troubleOf(path: Name, code: string): FileTrouble {
  return create(FileTroubleSchema, { path: toBytes(path), code });
}

/** Returns a function that finds the names of owner and group in the container's own files. */
async function namesOf(pid: number): Promise<(entry: EntryInit) => { owner?: string; group?: string }> {
  const read = async (file: string) => parsePasswd(new TextDecoder().decode(await readInRoot(pid, file)));
  const [users, groups] = await Promise.all([read("/etc/passwd"), read("/etc/group")]);
  return ({ uid = 0, gid = 0 }) => ({ owner: users.get(uid) ?? "", group: groups.get(gid) ?? "" });
}
