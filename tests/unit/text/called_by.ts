import { setProgramName } from "../../../src/text/program_name.ts";

/** Sets the program's name for one test. */
export function calledBy(name: string): Disposable {
  setProgramName(name);
  return { [Symbol.dispose]: () => setProgramName(undefined) };
}
