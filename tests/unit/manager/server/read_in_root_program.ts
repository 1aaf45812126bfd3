/** Reads a file of a process's root, in a process that a test can kill when the read never returns. */
import { readInRoot } from "../../../../src/manager/server/root_file.ts";

const bytes = await readInRoot(Number(Deno.args[0]), Deno.args[1]!);
console.log(bytes === undefined ? "nothing" : `${bytes.length} bytes`);
