import assert from "node:assert/strict";
import { cutConnections, keptFilter } from "../../../../../src/manager/server/redirect/ports.ts";

/** True unless this is root with ss: only root can end connections of other processes. */
const ignore = Deno.uid() !== 0 || !hasSs();

function hasSs(): boolean {
  try {
    return new Deno.Command("ss", { args: ["-V"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function echoes(client: Deno.Conn, server: Deno.Conn): Promise<boolean> {
  try {
    await client.write(new Uint8Array([7]));
    return await server.read(new Uint8Array(1)) === 1;
  } catch {
    return false;
  }
}

/**
 * Ends the outgoing connections to a local port; returns their number, and whether the connection over this address
 * survives.
 */
async function cutOver(hostname: string) {
  using listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  using client = await Deno.connect({ hostname, port });
  using server = await listener.accept();
  assert.ok(await echoes(client, server));
  const cut = await cutConnections([], { incoming: [], outgoing: [port] });
  return { cut, goesOn: await echoes(client, server) };
}

Deno.test("keptFilter() is of both directions, the outgoing one without the pod's own loopback", () => {
  assert.equal(
    keptFilter({ incoming: [80, 81], outgoing: [5432] }),
    "sport = :80 or sport = :81 or ( dport = :5432 and not ( dst 127.0.0.0/8 or dst [::1] ) )",
  );
  assert.equal(keptFilter({ incoming: [80], outgoing: [] }), "sport = :80");
});

Deno.test({
  name: "cutConnections() leaves outgoing connections over loopback alone, which are never redirected (needs root)",
  ignore,
  async fn() {
    const ipv6 = Deno.networkInterfaces().some(({ address }) => address === "::1") ? ["::1", "::ffff:127.0.0.1"] : [];
    for (const hostname of ["127.0.0.1", "127.0.0.2", ...ipv6]) {
      assert.deepEqual(await cutOver(hostname), { cut: 0, goesOn: true }, hostname);
    }
  },
});

const outside = Deno.networkInterfaces().find(({ address, family }) =>
  family === "IPv4" && !address.startsWith("127.")
);

Deno.test({
  name: "cutConnections() ends outgoing connections over other addresses (needs root)",
  ignore: ignore || outside === undefined,
  async fn() {
    assert.deepEqual(await cutOver(outside!.address), { cut: 1, goesOn: false });
  },
});
