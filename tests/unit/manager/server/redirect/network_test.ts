import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { RedirectStartSchema } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import { parseTcp } from "../../../../../src/lib/proc.ts";
import { catchesInbound } from "../../../../../src/manager/server/redirect/mesh.ts";
import { gatewaysOf, ipv6GatewaysOf, Network } from "../../../../../src/manager/server/redirect/network.ts";
import { keptConnections } from "../../../../../src/manager/server/redirect/ports.ts";
import { Redirect } from "../../../../../src/manager/server/redirect/redirect.ts";

// Captured in a pod of the test cluster.
const route = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "eth0\t00000000\t01B1D20A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "eth0\t00B1D20A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
  "",
].join("\n");
const route6 = [
  "fd5c0002002c00010000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0",
  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd5c0002002c00010000000000000001 00000400 00000001 00000000 00000003     eth0",
  "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo",
  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo",
  "",
].join("\n");

Deno.test("gatewaysOf() and ipv6GatewaysOf() find where the default routes lead to", () => {
  assert.deepEqual(gatewaysOf(route), ["10.210.177.1"]);
  assert.deepEqual(ipv6GatewaysOf(route6), ["fd5c:2:2c:1::1"]);
  assert.deepEqual([...gatewaysOf(""), ...ipv6GatewaysOf("")], []);
});

// In the kernel's format, see proc(5): a server on 8080 with a client in another pod and one of the pod's own on loopback.
const tcp = [
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1337        0 41000 1 0000000000000000 100 0 0 10 0",
  "   1: 05B1D20A:1F90 04B1D20A:B5A8 01 00000000:00000000 00:00000000 00000000     0        0 41001 1 0000000000000000 20 4 30 10 -1",
  "   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 41002 1 0000000000000000 20 4 30 10 -1",
  "   3: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 41003 1 0000000000000000 20 4 30 10 -1",
  "   4: 05B1D20A:C002 0AB1D20A:1538 01 00000000:00000000 00:00000000 00000000     0        0 41004 1 0000000000000000 20 4 30 10 -1",
  "   5: 05B1D20A:1F90 04B1D20A:B5AA 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1",
  "",
].join("\n");
const tcp6 = [
  "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 0000000000000000FFFF00000100007F:1F91 0000000000000000FFFF00000100007F:C003 01 00000000:00000000 00:00000000 00000000     0        0 41005 1 0000000000000000 20 4 30 10 -1",
  "   1: 00000000000000000000000001000000:C004 00000000000000000000000001000000:1F91 01 00000000:00000000 00:00000000 00000000     0        0 41006 1 0000000000000000 20 4 30 10 -1",
  "",
].join("\n");

Deno.test("parseTcp() reads ports, states and owners, and knows loopback in both families", () => {
  assert.deepEqual(
    parseTcp(tcp).map((
      { localPort, remotePort, state, uid, remoteLoopback },
    ) => [localPort, remotePort, state, uid, remoteLoopback]),
    [
      [8080, 0, "listening", 1337, false],
      [8080, 46504, "established", 0, false],
      [8080, 49153, "established", 0, true],
      [49153, 8080, "established", 0, true],
      [49154, 5432, "established", 0, false],
      [8080, 46506, "other", 0, false],
    ],
  );
  assert.deepEqual(parseTcp(tcp6).map(({ localPort, remoteLoopback }) => [localPort, remoteLoopback]), [[8081, true], [
    49156,
    true,
  ]]);
});

Deno.test("keptConnections() counts one within the pod once, and none of the pod's own loopback as outgoing", () => {
  const sockets = parseTcp(tcp);
  assert.equal(keptConnections(sockets, { incoming: [8080], outgoing: [] }), 2);
  assert.equal(keptConnections(sockets, { incoming: [], outgoing: [8080, 5432] }), 1);
  assert.equal(keptConnections(sockets, { incoming: [443], outgoing: [] }), 0);
});

// Rules of istio-init, kuma-init and linkerd-init, from their documentation, because no mesh runs in the test cluster.
const istio = [
  "*nat",
  "-A PREROUTING -p tcp -j ISTIO_INBOUND",
  "-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN",
  "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
  "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
  "COMMIT",
].join("\n");

Deno.test("catchesInbound() knows the sidecars of meshes, and no other redirect", () => {
  assert.equal(catchesInbound(istio), true);
  assert.equal(
    catchesInbound("-A PROXY_INIT_REDIRECT -p tcp -m comment --comment x -j REDIRECT --to-ports 4143"),
    true,
  );
  assert.equal(catchesInbound("-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"), false);
  assert.equal(catchesInbound("-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001"), false);
  assert.equal(catchesInbound("-A X -p tcp -j REDIRECT --to-ports 150060"), false);
});

Deno.test("Network.isHome is true for a process in the manager's own network", () => {
  using network = new Network(Deno.pid, false);
  assert.equal(network.isHome, true);
});

/** Returns the number of network namespaces that this process holds open. */
function namespaces(): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("net:");
    } catch {
      return false; // the descriptor of /proc/self/fd itself
    }
  }).length;
}

Deno.test("Network holds nothing of a process that has ended", () => {
  const before = namespaces();
  assert.throws(() => new Network(2 ** 22 + 1, false)); // larger than the highest pid
  assert.equal(namespaces(), before);
});

Deno.test("Redirect refuses a target in the manager's own network before it sets up anything, and holds nothing", () => {
  const request = create(RedirectStartSchema, { target: { pid: Deno.pid }, incoming: [8080] });
  const before = namespaces(), all = new Set<Redirect>();
  assert.throws(() => new Redirect(request, false, all), /it has the network of its node/);
  assert.deepEqual([all.size, namespaces()], [0, before]);
});
