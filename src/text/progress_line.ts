import { safe } from "./safe.ts";
import { shorten, width } from "./fit_text.ts";
import { bytes, clock } from "./format.ts";

/** Progress of a copy. Times are in milliseconds. */
export interface Progress {
  /** The file that is being copied. */
  name: string;
  files: number;
  totalFiles: number;
  /** Bytes done, including those that were already there. */
  bytes: number;
  /** Undefined if unknown. */
  totalBytes?: number;
  /** The part of `bytes` that was already there; excluded from the speed. */
  resumedBytes: number;
  elapsedMs: number;
}

/** Formats one line of at most `columns`: `conf/app.log  3/12  34%  12.0M of 35.1M  4.1M/s  00:06 left`. */
export function progressLine(progress: Progress, columns: number): string {
  const { name, files, totalFiles, totalBytes, elapsedMs } = progress;
  const perSecond = elapsedMs < 200 ? 0 : (progress.bytes - progress.resumedBytes) * 1000 / elapsedMs;
  const left = totalBytes === undefined || perSecond === 0 ? undefined : (totalBytes - progress.bytes) / perSecond;
  const parts = [
    ...(totalFiles > 1 ? [`${Math.min(files + 1, totalFiles)}/${totalFiles}`] : []),
    ...(totalBytes === undefined
      ? [bytes(progress.bytes)]
      : [percent(progress.bytes, totalBytes), `${bytes(progress.bytes)} of ${bytes(totalBytes)}`]),
    ...(perSecond === 0 ? [] : [`${bytes(perSecond)}/s`]),
    ...(left === undefined || left > 359_999 ? [] : [`${clock(left * 1000)} left`]),
  ].join("  ");
  const room = columns - 1 - width(parts) - 2;
  return room < 8 ? shorten(parts, Math.max(1, columns - 1)) : `${shorten(safe(name), room)}  ${parts}`;
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor(Math.min(1, part / whole) * 100)}%`;
}
