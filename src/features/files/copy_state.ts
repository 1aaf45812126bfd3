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

/** State of a copy, shared by both directions. */
export class Copy {
  readonly place: string;
  copied = { files: 0, bytes: 0, resumed: 0 };
  /** The partial file that the next copy can resume from, set when this copy is interrupted. */
  kept: { path: string; forAWhile: boolean } | undefined;

  constructor(
    readonly client: TargetClient,
    readonly request: CopyRequest,
    readonly signal: AbortSignal,
    readonly progress: ProgressShown,
    /** Prints a line on stderr. */
    readonly notice: (text: string) => void,
  ) {
    this.place = targetName(client.target);
  }

  /** Counts a complete file and returns its event. `resumed` is the number of bytes that were there before. */
  file(path: string, { sizeBytes, sha256 }: WholeFile, resumed: number, started: number): Event {
    this.copied.files++;
    this.copied.bytes += sizeBytes - resumed;
    this.copied.resumed += resumed;
    return {
      type: "cp.file",
      time: now(),
      path,
      sizeBytes,
      sha256,
      durationMs: Math.round(performance.now() - started),
      ...(resumed === 0 ? {} : { resumedBytes: resumed }),
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

  /** Returns the error that ends the whole copy, for a path in the pod or on this machine. */
  error(doing: "read" | "write", side: "pod" | "local", path: string, code: string): ScopeError {
    return troubleError(doing, path, side === "pod" ? this.place : "", code);
  }
}
