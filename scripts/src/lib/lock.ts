import { lockFile } from "../../../tests/cluster/lock.ts";
import { ScriptError, TEMPORARY } from "./errors.ts";
import { interrupted } from "./interrupt.ts";
import { say } from "./output.ts";

const MINUTES = 30;

/** Takes a lock until it is disposed of, and says for which holder it waits. */
export async function lock(path: string, holder: string): Promise<Disposable> {
  const late = AbortSignal.timeout(MINUTES * 60_000);
  try {
    return await lockFile(path, () => say(`waiting for ${holder}`), AbortSignal.any([late, interrupted]));
  } catch (error) {
    if (!late.aborted) throw error;
    const message = `Cannot get the lock "${path}" within ${MINUTES} minutes`;
    throw new ScriptError(message, `see who holds it: fuser ${path}`, TEMPORARY);
  }
}
