/** A client in a process of its own, which a test can freeze: it runs what the arguments after the socket say. */
import { connect } from "../../../src/manager/client/connection.ts";
import { openSocket, start } from "./manager_process.ts";

const [socket = "", ...argv] = Deno.args;
const connection = connect(await openSocket(socket));
for await (const { bytes } of start(connection, argv).output) await Deno.stdout.write(bytes);
