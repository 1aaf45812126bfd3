import assert from "node:assert/strict";
import { parseTcpPingLine } from "../../../src/features/ping/tcp_ping_output.ts";

const program = new URL("../../../src/helpers/tcp_ping.ts", import.meta.url).pathname;

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-prompt", "--allow-ffi", program, ...args],
    stdout: "piped",
  }).spawn();
}

function linesOf(output: Deno.CommandOutput): [string, ReturnType<typeof parseTcpPingLine>][] {
  return new TextDecoder().decode(output.stdout).trim().split("\n").map((line) => {
    const [label = "", text = ""] = line.split("\t");
    return [label, parseTcpPingLine(text)];
  });
}

Deno.test("tcp_ping gets COUNT replies from open and closed ports, and no program accepts a connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let accepted = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      accepted += 1;
      connection.close();
    }
  })();
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr, open = listener.addr.port;
  closed.close();
  const child = start("3", "50", "1000", "5", "127.0.0.1", `${open}`, "localhost", `${port}`);
  const lines = linesOf(await child.output());
  for (const label of ["5", "6"]) {
    const own = lines.filter(([one]) => one === label).map(([, line]) => line);
    assert.deepEqual(own.map((line) => [line.kind, "seq" in line && line.seq]), [["reply", 0], ["reply", 1], [
      "reply",
      2,
    ]]);
    assert.ok(own.every((line) => line.kind === "reply" && line.rttMs > 0 && line.rttMs < 1000));
    assert.ok(own.every((line) => line.kind === "reply" && Math.abs(line.at - Date.now()) < 30_000));
  }
  const own = await Deno.connect({ port: open });
  await Promise.race([own.read(new Uint8Array(1)), accepting]);
  own.close();
  assert.equal(accepted, 1, "only the connection of the test itself, which came last");
});

Deno.test("tcp_ping goes on until SIGINT, and then ends at once with 0", async () => {
  const child = start("0", "20", "1000", "0", "127.0.0.1", "1");
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("tcp_seq=2 ")) text += (await reader.read()).value ?? assert.fail(text);
  const asked = performance.now();
  child.kill("SIGINT");
  while (!(await reader.read()).done);
  assert.equal((await child.status).code, 0);
  assert.ok(performance.now() - asked < 2000);
});

Deno.test("tcp_ping goes on without a host that does not resolve", async () => {
  const lines = linesOf(await start("1", "50", "10000", "0", "nowhere.invalid", "80", "127.0.0.1", "1").output());
  assert.deepEqual(lines.map(([label, { kind }]) => [label, kind]).toSorted(), [["0", "unresolved"], ["1", "reply"]]);
});
