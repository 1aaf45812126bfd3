import assert from "node:assert/strict";
import { networkProbes } from "../../../src/kube/pods.ts";

const pod = (...containers: Record<string, unknown>[]) => ({ spec: { containers: containers as never } });

Deno.test("networkProbes() finds every probe over the network, by number or name of the port, once", () => {
  const ports = [{ name: "http", containerPort: 8080 }];
  assert.deepEqual(
    networkProbes(pod(
      {
        ports,
        livenessProbe: { httpGet: { port: "http", path: "/" } },
        readinessProbe: { httpGet: { port: 8080, path: "/ready" } },
        startupProbe: { tcpSocket: { port: "8080" } },
      },
      { livenessProbe: { grpc: { port: 9000 } }, readinessProbe: { httpGet: { port: 8443, scheme: "HTTPS" } } },
    )),
    [
      { kind: "http", port: 8080 },
      { kind: "tcp", port: 8080 },
      { kind: "grpc", port: 9000 },
      { kind: "https", port: 8443 },
    ],
  );
});

Deno.test("networkProbes() leaves out what does not come over the pod's network", () => {
  const elsewhere = { livenessProbe: { httpGet: { port: 80, host: "example.org" } } };
  assert.deepEqual(networkProbes(pod({}, elsewhere, { livenessProbe: { exec: { command: ["true"] } } })), []);
  assert.deepEqual(networkProbes(pod({ livenessProbe: { httpGet: { port: "nowhere" } } })), []);
  assert.deepEqual(networkProbes({}), []);
});
