import { fstatSync } from "node:fs";

/** Standard output is a pipe, as in `NAME=$(scope … | cut …)`, which waits for the end of all that writes to it. */
export function isPiped(): boolean {
  try {
    return fstatSync(1).isFIFO();
  } catch {
    return false; // it is closed
  }
}
