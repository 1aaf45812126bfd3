import type { TargetClient } from "../../context.ts";
import type { ScopeError } from "../../errors.ts";
import type { CopySummary, Event, Failed } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { WholeFile } from "../../manager/client/target_files.ts";
import { targetName } from "../../target.ts";
import type { CopyRequest } from "./copy_place.ts";
import { troubleError, wordsOf } from "./file_trouble.ts";
import type { ProgressShown } from "./progress.ts";

/** What both directions of a copy work with. */
export class Copy {
  readonly place: string;
  copied = { files: 0, bytes: 0, resumed: 0 };
  /** Set when the copy is broken off and a next one can go on: where what was copied is kept. */
  kept: { path: string; forAWhile: boolean } | undefined;

  constructor(
    readonly client: TargetClient,
    readonly request: CopyRequest,
    readonly signal: AbortSignal,
    readonly progress: ProgressShown,
    /** Says something on stderr. */
    readonly notice: (text: string) => void,
  ) {
    this.place = targetName(client.target);
  }

  /** The event for a whole file. `had` is what was there before. */
  file(path: string, { sizeBytes, sha256 }: WholeFile, had: number, started: number): Event {
    this.copied.files++;
    this.copied.bytes += sizeBytes - had;
    this.copied.resumed += had;
    return {
      type: "cp.file",
      time: now(),
      path,
      sizeBytes,
      sha256,
      durationMs: Math.round(performance.now() - started),
      ...(had === 0 ? {} : { resumedBytes: had }),
    };
  }

  failed(path: string, code: string): Failed {
    const { reason, hint } = wordsOf(code);
    return failed(path, { message: reason, hint });
  }

  summary(source: string, destination: string): CopySummary {
    const { files, bytes, resumed } = this.copied, durationMs = Math.max(1, Math.round(this.progress.elapsedMs));
    return {
      type: "cp.summary",
      time: now(),
      source,
      destination,
      files,
      copiedBytes: bytes,
      durationMs,
      bytesPerSecond: Math.round(bytes * 1000 / durationMs),
      ...(resumed === 0 ? {} : { resumedBytes: resumed }),
    };
  }

  /** The error that ends the whole copy, of a path in the pod or on this machine. */
  error(doing: "read" | "write", side: "pod" | "local", path: string, code: string): ScopeError {
    return troubleError(doing, path, side === "pod" ? this.place : "", code);
  }
}
