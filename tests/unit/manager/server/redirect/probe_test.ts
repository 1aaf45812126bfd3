import assert from "node:assert/strict";
import { Probe_Kind } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import { isProbe } from "../../../../../src/manager/server/redirect/probe.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const probes = (...kinds: Probe_Kind[]) => kinds.map((kind) => ({ kind }));
const http = bytes(
  "GET /healthz HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\r\n",
);
const curl = bytes("GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: curl/8.0 kube-probe/1\r\n\r\n");
const preface = bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const hello = new Uint8Array([0x16, 3, 1, 2, 0]);

Deno.test("isProbe() takes an HTTP probe by its name only", () => {
  assert.equal(isProbe(probes(Probe_Kind.HTTP), http), true);
  assert.equal(isProbe(probes(Probe_Kind.HTTP), curl), false);
  assert.equal(isProbe(probes(Probe_Kind.TCP), http), false);
  assert.equal(isProbe(probes(Probe_Kind.TCP, Probe_Kind.HTTP), http), true);
});

Deno.test("isProbe() takes a connection without a word for a TCP probe, and a silent one for none", () => {
  assert.equal(isProbe(probes(Probe_Kind.TCP), new Uint8Array()), true);
  assert.equal(isProbe(probes(Probe_Kind.HTTP), new Uint8Array()), false);
  assert.equal(isProbe(probes(Probe_Kind.TCP), undefined), false);
  assert.equal(isProbe(probes(Probe_Kind.TCP), bytes("PING")), false);
});

Deno.test("isProbe() takes what the node says in the probe's protocol where that hides its name", () => {
  assert.equal(isProbe(probes(Probe_Kind.GRPC), preface), true);
  assert.equal(isProbe(probes(Probe_Kind.HTTP), preface), false);
  assert.equal(isProbe(probes(Probe_Kind.HTTPS), hello), true);
  assert.equal(isProbe(probes(Probe_Kind.HTTP), hello), false);
});
