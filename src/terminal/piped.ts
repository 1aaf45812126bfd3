import { fstatSync } from "node:fs";

/** Returns true if stdout is a pipe, as in `NAME=$(scope … | cut …)`, which waits for the end of all writers. */
export function isPiped(): boolean {
  try {
    return fstatSync(1).isFIFO();
  } catch {
    return false; // stdout is closed
  }
}
