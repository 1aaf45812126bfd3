/** A process that looks like a web server and has changed to the root directory given. */
import { cString } from "../../../../src/manager/server/libc.ts";

const listener = Deno.listen({ hostname: "0.0.0.0", port: 8099 });
const { chroot } = Deno.dlopen("libc.so.6", { chroot: { parameters: ["buffer"], result: "i32" } }).symbols;
if (chroot(cString(Deno.args[0]!)) !== 0) throw new Error(`cannot move into ${Deno.args[0]}`);
Deno.chdir("/");
console.log("ready");
for await (const connection of listener) connection.close();
