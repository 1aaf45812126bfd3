import assert from "node:assert/strict";
import { ScopeError } from "../../src/errors.ts";

/** Asserts that a run is refused as a usage error with this message. */
export async function refuses(running: Promise<unknown>, message: string): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], ["usage", message]);
    return true;
  });
}
