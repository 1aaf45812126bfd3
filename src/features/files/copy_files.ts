import type { TargetClient } from "../../context.ts";
import type { Event } from "../../event.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import { copyIn } from "./copy_in.ts";
import { Copy } from "./copy_state.ts";
import { copyOut } from "./copy_out.ts";
import type { CopyRequest } from "./copy_place.ts";
import { ProgressShown } from "./progress.ts";

interface CopyWorld {
  signal: AbortSignal;
  notice(text: string): void;
  progress: boolean;
  /** The manager ends with this copy, and the partial files that it keeps are lost. */
  terminate: boolean;
}

/** Copies and shows progress on stderr. Yields `failed` for each of several files that fails, and `cp.summary` at the end. */
export async function* copyFiles(
  client: TargetClient,
  request: CopyRequest,
  { signal, notice, progress: enabled, terminate }: CopyWorld,
): AsyncIterable<Event> {
  const left = new AbortController();
  using progress = new ProgressShown(enabled);
  const until = AbortSignal.any([signal, client.targetGone, left.signal]);
  const work = new Copy(client, request, until, progress, (text) => {
    progress.hide();
    notice(text);
  });
  const noticeKept = () => {
    if (work.kept === undefined || (work.kept.forAWhile && terminate)) return;
    const { path, forAWhile } = work.kept;
    const until = forAWhile ? " for 10 minutes" : "";
    notice(`what was copied is kept in "${path}"${until}; the same command goes on from there`);
  };
  try {
    for await (const event of request.direction === "out" ? copyOut(work) : copyIn(work)) {
      progress.hide();
      yield event;
    }
  } catch (error) {
    progress.hide();
    if (signal.aborted) {
      noticeKept();
      return;
    }
    const failure = client.targetGone.aborted ? client.targetGone.reason : error;
    noticeKept();
    // copyIn() and copyOut() translate the errors that they expect; this is an unexpected path.
    throw failure instanceof FileTrouble ? work.error("write", "local", failure.path, failure.code) : failure;
  } finally {
    left.abort();
  }
}
