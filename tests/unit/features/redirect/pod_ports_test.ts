import assert from "node:assert/strict";
import { portsOfPod } from "../../../../src/features/redirect/pod_ports.ts";
import { pod } from "../../kube/pod.ts";

const web = pod("web", {
  spec: {
    containers: [
      {
        name: "app",
        ports: [{ name: "http", containerPort: 8080 }, { name: "dns", containerPort: 53, protocol: "UDP" }],
      },
      { name: "side", ports: [{ name: "http", containerPort: 9080 }, { containerPort: 7 }] },
    ],
  },
});
const service = [
  { port: 80, targetPort: "http" },
  { name: "metrics", port: 90, targetPort: 9090 },
  { name: "plain", port: 7000 },
  { name: "dns", port: 53, targetPort: 5353, protocol: "UDP" },
];

Deno.test("portsOfPod() finds ports by their names, those of the container first", () => {
  assert.deepEqual(portsOfPod([{ port: "http" }, { port: 1 }], web, {}), [
    { port: 8080, localPort: 8080 },
    { port: 1, localPort: 1 },
  ]);
  assert.deepEqual(portsOfPod([{ port: "http", localPort: 3000 }], web, { container: "side" }), [
    { port: 9080, localPort: 3000 },
  ]);
});

Deno.test("portsOfPod() takes what is behind the port of a service", () => {
  const requested = [{ port: 80 }, { port: 90, localPort: 90 }, { port: "plain" }, { port: 8443 }];
  assert.deepEqual(portsOfPod(requested, web, { service }), [
    { port: 8080, localPort: 8080 },
    { port: 9090, localPort: 90 },
    { port: 7000, localPort: 7000 },
    { port: 8443, localPort: 8443 },
  ]);
});

Deno.test("portsOfPod() says what there is instead, that UDP is not redirected, and that two are one", () => {
  assert.throws(() => portsOfPod([{ port: "grpc" }], web, {}), {
    kind: "notFound",
    message: 'Cannot find a port named "grpc" in pod "shop/web"',
    hint: "it has http (8080), dns (53), http (9080)",
  });
  assert.throws(() => portsOfPod([{ port: "grpc" }], pod("web"), {}), { hint: /give the number/ });
  const message = 'Cannot redirect port "dns" of pod "shop/web": only TCP is redirected';
  assert.throws(() => portsOfPod([{ port: "dns" }], web, {}), { kind: "usage", message });
  assert.throws(() => portsOfPod([{ port: "http" }, { port: 8080 }], web, {}), { message: "Port 8080 is given twice" });
});
