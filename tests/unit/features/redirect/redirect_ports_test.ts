import assert from "node:assert/strict";
import { numberedPorts, parsePorts } from "../../../../src/features/redirect/redirect_ports.ts";

Deno.test("parsePorts() reads PORT and PORT:LOCALPORT, names and ranges", () => {
  assert.deepEqual(parsePorts([], "incoming"), []);
  assert.deepEqual(parsePorts(["8080", "1:65535", "http", "grpc-web:9090", "5432/tcp"], "incoming"), [
    { port: 8080 },
    { port: 1, localPort: 65535 },
    { port: "http" },
    { port: "grpc-web", localPort: 9090 },
    { port: 5432 },
  ]);
  assert.deepEqual(parsePorts(["8080-8082"], "incoming").map(({ port }) => port), [8080, 8081, 8082]);
  assert.deepEqual(parsePorts(["8080-8081:9090-9091"], "outgoing"), [
    { port: 8080, localPort: 9090 },
    { port: 8081, localPort: 9091 },
  ]);
});

const usage = (message: string) => ({ kind: "usage", message });

Deno.test("parsePorts() refuses everything else, and says which", () => {
  for (
    const text of [
      ...["0", "65536", "Abc", "80:", ":80", "80:0", "80:81:82", "-1", " 80", "080808", ""],
      ...[
        "80-",
        "81-80",
        "0-1",
        "65535-65536",
        "80-81:90",
        "80-81:90-92",
        "http-",
        "a_b",
        "http:x",
        "longer-than-15-letters",
      ],
    ]
  ) {
    assert.throws(() => parsePorts(["1", text], "incoming"), usage(`Port "${text}" is none`), text);
  }
  assert.throws(() => parsePorts(["80", "80:81"], "incoming"), usage("Port 80 is given twice"));
  assert.throws(() => parsePorts(["80", "79-81"], "incoming"), usage("Port 80 is given twice"));
  assert.throws(() => parsePorts(["1-1000"], "incoming"), usage("Cannot redirect 1000 ports at once"));
  assert.throws(
    () => parsePorts([], "outgoing"),
    usage("Option --outgoing needs the ports whose connections are redirected"),
  );
});

Deno.test("parsePorts() says of UDP that it is UDP", () => {
  for (const text of ["5353/udp", "dns/UDP", "132/sctp"]) {
    assert.throws(
      () => parsePorts([text], "incoming"),
      usage(`Cannot redirect port "${text}": only TCP is redirected`),
    );
  }
});

Deno.test("numberedPorts() takes no names", () => {
  assert.deepEqual(numberedPorts([{ port: 80 }, { port: 1, localPort: 2 }], ""), [
    { port: 80, localPort: 80 },
    { port: 1, localPort: 2 },
  ]);
  assert.throws(() => numberedPorts([{ port: "http" }], "why"), { kind: "usage", hint: "why" });
});
