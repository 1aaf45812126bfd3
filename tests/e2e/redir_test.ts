import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { delay } from "../cluster/delay.ts";
import { until } from "../cluster/wait.ts";
import type { Pod } from "./kube.ts";
import { demoPods, kubectl, TestNamespace } from "./kube.ts";
import { describe, pipeExecs } from "./node_processes.ts";
import { Laptop, PodNetwork, readAll } from "./pod_network.ts";
import { eventsOf, scope, scopeOk, type ScopeProcess, startScope } from "./scope.ts";
import { overWays } from "./ways.ts";

/** Script of two busybox servers, one of them on the pod's loopback only. */
const servers = [
  "mkdir -p /srv; echo POD >/srv/index.html",
  "httpd -p 8080 -h /srv",
  "httpd -p 127.0.0.1:9000 -h /srv",
  "exec sleep infinity",
].join("\n");

const addressesOf = ({ status }: Pod) => (status.podIPs ?? []).map(({ ip }) => ip);
const isReady = ({ status }: Pod) => JSON.stringify(status).includes('"ready":true');
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

/** File with the range of local ports of a network namespace. */
const portRange = "/proc/sys/net/ipv4/ip_local_port_range";

/** Returns how many bytes a process has written. */
const writtenBy = (pid: number) => Number(/^wchar: (\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1]);

/** Answers with a hash of all that comes, and with all of it. */
function sendBack(socket: Socket): void {
  const pieces: Uint8Array[] = [];
  socket.on("data", (piece: Uint8Array) => pieces.push(piece));
  socket.on("end", () => {
    const all = Buffer.concat(pieces);
    socket.write(sha256(all));
    socket.end(all);
  });
}

/** Sends until the connection ends. */
function flood(socket: Socket): void {
  while (!socket.destroyed && socket.write(new Uint8Array(65536)));
  socket.once("drain", () => flood(socket));
}

type Line = Record<string, unknown>;

/** Starts redir, and waits until it redirects. */
async function redirected(args: readonly string[], pods = 1): Promise<ScopeProcess> {
  const redir = startScope(["-o", "json", ...args]);
  await redir.until("stdout", new RegExp(`(.*"redir\\.started".*\\n(.*\\n)*?){${pods}}`), 60);
  return redir;
}

/** Forwards a port of this machine to a pod with kubectl, until disposed. */
async function forwarded(namespace: string, pod: string, port: number) {
  const child = new Deno.Command("kubectl", {
    args: ["-n", namespace, "port-forward", `pod/${pod}`, `:${port}`],
    ...{ stdin: "null", stdout: "piped", stderr: "null" } as const,
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Forwarding from .*:(\d+) ->/m.test(text)) {
    const { done, value = "" } = await output.read();
    assert.ok(!done, "kubectl port-forward has ended");
    text += value;
  }
  // Drain its output: it prints a line for each connection.
  const rest = (async () => {
    while (!(await output.read()).done);
  })();
  return {
    port: Number(/:(\d+) ->/.exec(text)![1]),
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill();
      await Promise.all([child.status, rest]);
    },
  };
}

/** Waits for an event. */
async function event(redir: ScopeProcess, what: string, wanted: (event: Line) => boolean): Promise<Line> {
  let found: Line | undefined;
  const complete = () => redir.stdout.slice(0, redir.stdout.lastIndexOf("\n") + 1);
  await until(`the event of ${what}`, 10, () => (found = eventsOf(complete()).find(wanted)) !== undefined, {
    missing: () => redir.stdout.slice(-3000) + redir.stderr.slice(-1000),
  });
  return found!;
}

const ended = (from: "local" | "pod") => ({ type, servedBy, probe }: Line) =>
  type === "redir.connection" && servedBy === from && probe === undefined;

overWays("redir", async (t, { via }) => {
  await using namespace = await TestNamespace.make();
  const pod = await namespace.pod("app", { command: ["sh", "-c", servers], until: isReady });
  const client = await namespace.pod("client");
  using network = new PodNetwork(pod);
  using there = new PodNetwork(client);
  const [node] = await demoPods("host");
  using nodeNetwork = new PodNetwork(node!);
  await kubectl(["-n", namespace.name, "expose", "pod", "app", "--port=80", "--target-port=8080"]);
  const service = await kubectl(["-n", namespace.name, "get", "service", "app", "-o", "jsonpath={.spec.clusterIP}"]);
  await until("the servers", 10, async () => (await network.run("ss", "-Hltn")).match(/:(8080|9000) /g)?.length === 2);
  await until("the service", 20, () => there.get(service, 80).then((answer) => answer.includes("POD"), () => false));
  const app = ["-n", namespace.name, "-p", "app"], [primary = ""] = addressesOf(pod);
  // A killed run holds its ports until the manager notices.
  const untilFree = () => until("the ports to be free", 5, async () => (await network.tables()).length === 0);

  await t.step("connections from everywhere come here, and go to the pod again after Ctrl-C", async () => {
    await using laptop = await Laptop.web("LAPTOP");
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const places: [string, PodNetwork, string, number][] = [
      ...addressesOf(pod).map((address) =>
        [`another pod to ${address}`, there, address, 8080] as [string, PodNetwork, string, number]
      ),
      ["another pod by the service", there, service, 80],
      ["the node", nodeNetwork, primary, 8080],
      ["the pod's loopback", network, "127.0.0.1", 8080],
      ["the pod's loopback by IPv6", network, "::1", 8080],
      ["the pod by its own address", network, primary, 8080],
    ];
    assert.ok(addressesOf(pod).some((address) => address.includes(":")), "the pod has no IPv6 address");
    for (const [what, from, address, port] of places) assert.match(await from.get(address, port), /LAPTOP/, what);
    // A server that is not redirected still answers itself.
    assert.match(await network.get("127.0.0.1", 9000), /POD/);
    const told = () => redir.stdout.match(/"redir\.connection"/g)?.length === places.length;
    await until("all to be told", 10, told, { missing: () => redir.stdout });
    redir.signal("SIGINT");
    assert.equal(await redir.exit(), 130);
    assert.match(await there.get(primary, 8080), /POD/);
    assert.deepEqual(await network.tables(), []);
    const connections = eventsOf(redir.stdout).filter(ended("local"));
    assert.equal(connections.length, places.length, redir.stdout);
    for (const { ended, sentBytes, receivedBytes, direction, local } of connections) {
      assert.deepEqual({ ended, direction, local }, {
        ended: "closed",
        direction: "incoming",
        local: `localhost:${laptop.port}`,
      });
      assert.ok(Number(sentBytes) > 20 && Number(receivedBytes) > 20);
    }
    const [summary] = eventsOf(redir.stdout).filter(({ type }) => type === "redir.summary");
    assert.deepEqual([summary?.port, summary?.toPod, summary?.broken], [8080, 0, 0]);
    assert.equal(summary?.connections, places.length);
  });

  await t.step("without ports all that the pod listens on are redirected, each once", async () => {
    await using redir = await redirected([...app, "redir"]);
    const started = await event(redir, "the start", ({ type }) => type === "redir.started");
    const ports = (started.ports as { port: number; local: string }[]).map(({ port, local }) => [port, local]);
    assert.deepEqual(ports, [[8080, "localhost:8080"], [9000, "localhost:9000"]]);
  });

  await t.step("where nothing listens here, the pod answers, and an event says why", async () => {
    await using gone = await Laptop.web("GONE");
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    await using redir = await redirected([...app, "redir", `8080:${port}`]);
    for (const address of addressesOf(pod)) assert.match(await there.get(address, 8080), /POD/);
    assert.match(await network.get("127.0.0.1", 8080), /POD/);
    const { reason, ended: how } = await event(redir, "the fallback", ended("pod"));
    assert.deepEqual([reason, how], [`nothing listens on localhost:${port}`, "closed"]);
    // A server that starts later is found.
    await using _laptop = await Laptop.web("LAPTOP", port);
    assert.match(await there.get(primary, 8080), /LAPTOP/);
  });

  await t.step("an application that listens on IPv6 only is found", async () => {
    await using laptop = await Laptop.web("LAPTOP", 0, "::1");
    await using _redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    assert.match(await there.get(primary, 8080), /LAPTOP/);
  });

  await t.step("each way ends by itself, and nothing is lost", async () => {
    await using laptop = await Laptop.open(sendBack);
    await using _redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    for (const size of [0, 1, 65_535, 65_536, 65_537, 5_000_000]) {
      const bytes = new Uint8Array(randomBytes(size)), socket = await there.connect(primary, 8080);
      const [, answer] = await Promise.all([
        socket.write(bytes).then(() => socket.end()),
        readAll(socket, { end: false }),
      ]);
      assert.equal(decode(answer.subarray(0, 64)), sha256(bytes), `${size} bytes there`);
      assert.equal(sha256(answer.subarray(64)), sha256(bytes), `${size} bytes back`);
    }
  });

  await t.step("much goes past the manager, byte by byte, and what carries it there ends with it", async () => {
    await using laptop = await Laptop.open(sendBack);
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const bytes = new Uint8Array(randomBytes(40_000_000));
    // Three at once: what they carry must not mix.
    await Promise.all([1, 2, 3].map(async (number) => {
      const socket = await there.connect(primary, 8080), own = bytes.slice(number);
      const [, answer] = await Promise.all([
        socket.write(own).then(() => socket.end()),
        readAll(socket, { end: false }),
      ]);
      assert.equal(decode(answer.subarray(0, 64)), sha256(own), "there");
      assert.equal(sha256(answer.subarray(64)), sha256(own), "back");
    }));
    await until("what carried it to end", 5, () => pipeExecs().length === 0, {
      missing: () => describe(pipeExecs()).join(),
    });
    const told = () => redir.stdout.match(/"ended":"closed"/g)?.length === 3;
    await until("all to be told", 10, told, { missing: () => redir.stdout });
  });

  await t.step("what carries much and is killed resets its connection alone, and ends with scope", async () => {
    await using laptop = await Laptop.open((socket) => {
      socket.on("error", () => {});
      socket.once("data", (word: Uint8Array) => decode(word) === "flood" ? void flood(socket) : socket.end("LAPTOP"));
    });
    for (const ending of ["the carrier", "SIGINT", "SIGKILL"] as const) {
      await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
      const socket = await there.connect(primary, 8080);
      await socket.write(encode("flood"));
      const read = (async () => {
        while (await socket.read() !== undefined);
      })();
      const ends = assert.rejects(read, /reset/);
      // Killed before, it would only not be used.
      await until("it to go past the manager", 30, () => pipeExecs().some(({ pid }) => writtenBy(pid) > 1_000_000));
      if (ending === "the carrier") {
        for (const { pid } of pipeExecs()) Deno.kill(pid, "SIGKILL");
        await ends;
        const other = await there.connect(primary, 8080);
        await other.write(encode("quick"));
        assert.equal(decode(await readAll(other)), "LAPTOP");
      } else redir.signal(ending);
      await until("what carries it to end", 6, () => pipeExecs().length === 0);
      socket.reset();
      await ends;
      await redir[Symbol.asyncDispose]();
      await untilFree();
    }
  });

  await t.step("the server may end first, and still hears all", async () => {
    const heard = Promise.withResolvers<string>();
    await using laptop = await Laptop.open((socket) => {
      socket.end("BYE");
      let text = "";
      socket.on("data", (piece: Uint8Array) => text += decode(piece));
      socket.on("end", () => heard.resolve(text));
    });
    await using _redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const socket = await there.connect(primary, 8080);
    assert.equal(decode(await readAll(socket, { end: false })), "BYE");
    await socket.write(encode("late words"));
    socket.end();
    assert.equal(await heard.promise, "late words");
  });

  await t.step("resets are passed on, both ways", async () => {
    const reset = Promise.withResolvers<string>();
    await using laptop = await Laptop.open((socket: Socket) => {
      socket.once("data", (word: Uint8Array) => {
        if (decode(word) === "reset me") socket.resetAndDestroy();
      });
      socket.on("error", (error: Error & { code?: string }) => reset.resolve(error.code ?? ""));
    });
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const one = await there.connect(primary, 8080);
    await one.write(encode("reset me"));
    await assert.rejects(one.read(), /reset/);
    await event(redir, "the reset", (event) => ended("local")(event) && event.ended === "reset");
    const other = await there.connect(primary, 8080);
    await other.write(encode("wait"));
    await until("the server to have it", 5, () => laptop.connections === 1);
    other.reset();
    assert.equal(await reset.promise, "ECONNRESET");
  });

  await t.step("one that stops reading does not slow the others", async () => {
    await using laptop = await Laptop.open((socket) => {
      socket.once("data", (word: Uint8Array) => decode(word) === "flood" ? flood(socket) : void socket.end("LAPTOP"));
    });
    await using _redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const stalled = await Promise.all([1, 2, 3].map(async () => {
      const socket = await there.connect(primary, 8080);
      await socket.write(encode("flood"));
      return socket;
    }));
    for (let round = 0; round < 100; round++) {
      const socket = await there.connect(primary, 8080);
      await socket.write(encode("quick"));
      assert.equal(decode(await readAll(socket)), "LAPTOP");
    }
    for (const socket of stalled) socket.reset();
  });

  await t.step("a thousand connections in a row, and three hundred at once", async () => {
    await using laptop = await Laptop.open((socket) => {
      const hash = createHash("sha256");
      socket.on("data", (piece: Uint8Array) => hash.update(piece));
      socket.on("end", () => socket.end(hash.digest("hex")));
    });
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const once = async () => {
      const bytes = new Uint8Array(randomBytes(Math.floor(Math.random() ** 4 * 200_000)));
      const socket = await there.connect(primary, 8080, 20_000);
      await socket.write(bytes);
      assert.equal(decode(await readAll(socket)), sha256(bytes));
    };
    for (let count = 0; count < 1000; count++) await once();
    const open = await Promise.all(Array.from({ length: 300 }, () => there.connect(primary, 8080, 20_000)));
    await until("all to be open here", 20, () => laptop.connections === 300, {
      missing: () => `${laptop.connections}`,
    });
    await Promise.all(open.map(async (socket, index) => {
      await socket.write(encode(`${index}`));
      assert.equal(decode(await readAll(socket)), sha256(encode(`${index}`)));
    }));
    const count = () => redir.stdout.match(/"redir\.connection"/g)?.length;
    await until("all to be told", 10, () => count() === 1300, { missing: () => `${count()}` });
    redir.signal("SIGINT");
    assert.equal(await redir.exit(), 130);
    const [summary] = eventsOf(redir.stdout).filter(({ type }) => type === "redir.summary");
    const broken = eventsOf(redir.stdout).filter(({ type, ended }) =>
      type === "redir.connection" && ended !== "closed"
    );
    assert.deepEqual(broken, []);
    assert.deepEqual([summary?.connections, summary?.toPod, summary?.broken], [1300, 0, 0]);
  });

  await t.step("nobody but who was redirected reaches the listener", async () => {
    await using laptop = await Laptop.web("LAPTOP");
    await using _redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const [table = ""] = await network.tables();
    const listener = Number(/tcp dport \{? ?(\d+)/.exec(table.slice(table.indexOf("chain guard")))?.[1]);
    assert.ok(listener > 1024, table);
    for (const address of addressesOf(pod)) {
      await assert.rejects(there.connect(address, listener), /refused/, address);
    }
    await assert.rejects(network.connect("127.0.0.1", listener), /refused/);
    assert.match(await there.get(primary, 8080), /LAPTOP/);
  });

  await t.step("connections that were open before stay with the pod, or end with --cut", async () => {
    await untilFree();
    await using laptop = await Laptop.web("LAPTOP");
    const kept = await there.connect(primary, 8080);
    await kept.write(encode("GET / HTTP/1.0\r\n"));
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    assert.equal((await event(redir, "the start", ({ type }) => type === "redir.started")).kept, 1);
    await kept.write(encode("\r\n"));
    assert.match(decode(await readAll(kept)), /POD/);
    const cut = await there.connect(primary, 8080); // this one is redirected
    redir.signal("SIGINT");
    await redir.exit();
    cut.reset();
    await untilFree();
    const other = await there.connect(primary, 8080);
    await other.write(encode("GET / HTTP/1.0\r\n"));
    await using again = await redirected([...app, "redir", "--cut", `8080:${laptop.port}`]);
    assert.equal((await event(again, "the start", ({ type }) => type === "redir.started")).cut, 1);
    await assert.rejects(other.read(), /reset/);
  });

  await t.step("--mirror: the pod answers, and a copy of the request comes here", async () => {
    const heard = Promise.withResolvers<string>();
    await using laptop = await Laptop.open((socket) => {
      let text = "";
      socket.on("data", (piece: Uint8Array) => text += decode(piece));
      socket.on("end", () => {
        heard.resolve(text);
        socket.end("never seen");
      });
    });
    await using redir = await redirected([...app, "redir", "--mirror", `8080:${laptop.port}`]);
    const answer = await there.get(primary, 8080, "/index.html");
    assert.match(answer, /POD/);
    assert.doesNotMatch(answer, /never seen/);
    assert.match(await heard.promise, /^GET \/index.html HTTP\/1.0/);
    assert.equal((await event(redir, "the end", ended("pod"))).reason, undefined);
    await laptop[Symbol.asyncDispose]();
    assert.match(await there.get(primary, 8080), /POD/);
    await event(redir, "the missing copy", ({ reason }) => reason === `nothing listens on localhost:${laptop.port}`);
  });

  await t.step("--outgoing: what the pod connects to comes here, its own loopback does not", async () => {
    await using laptop = await Laptop.web("LAPTOP");
    await using redir = await redirected([...app, "redir", "--outgoing", `8080:${laptop.port}`]);
    const other = await namespace.pod("other", { command: ["sh", "-c", servers], until: isReady });
    for (const address of addressesOf(other)) assert.match(await network.get(address, 8080), /LAPTOP/, address);
    assert.match(await network.get(service, 8080), /LAPTOP/, "a service that has no such port");
    const { to, direction } = await event(redir, "the connection", ended("local"));
    assert.deepEqual([to, direction], [`${addressesOf(other)[0]}:8080`, "outgoing"]);
    assert.match(await network.get("127.0.0.1", 8080), /POD/);
    assert.match(await network.get(primary, 8080), /POD/);
    assert.match(await there.get(primary, 8080), /POD/);
    // No local server accepts it: the connection goes to its original destination.
    await laptop[Symbol.asyncDispose]();
    assert.match(await network.get(addressesOf(other)[0]!, 8080), /POD/);
  });

  await t.step("under a mesh only what its sidecar passes on comes here, or all with --raw", async () => {
    const rules = [
      "-t",
      "nat",
      "-A",
      "PREROUTING",
      "-p",
      "tcp",
      "--dport",
      "8080",
      "-j",
      "REDIRECT",
      "--to-ports",
      "15006",
    ];
    // Through the legacy interface, which nft does not see.
    await network.run("iptables-legacy", ...rules);
    try {
      await using laptop = await Laptop.web("LAPTOP");
      await using mesh = await redirected([...app, "redir", `8080:${laptop.port}`]);
      assert.equal((await event(mesh, "the start", ({ type }) => type === "redir.started")).mesh, true);
      assert.match(await network.get("127.0.0.1", 8080), /LAPTOP/);
      await assert.rejects(there.connect(primary, 8080), /refused/, "the sidecar, which is not there, takes it");
      mesh.signal("SIGINT");
      await mesh.exit();
      await using _raw = await redirected([...app, "redir", "--raw", `8080:${laptop.port}`]);
      assert.match(await there.get(primary, 8080), /LAPTOP/);
    } finally {
      await network.run("iptables-legacy", ...rules.map((word) => word === "-A" ? "-D" : word));
    }
  });

  await t.step("a port on which nobody listens is redirected, and that is said", async () => {
    await using laptop = await Laptop.web("LAPTOP");
    await using redir = await redirected([...app, "redir", `7777:${laptop.port}`]);
    const started = await event(redir, "the start", ({ type }) => type === "redir.started");
    assert.equal((started.ports as { listening: boolean }[])[0]?.listening, false);
    assert.match(await there.get(primary, 7777), /LAPTOP/);
    await laptop[Symbol.asyncDispose]();
    await assert.rejects(there.get(primary, 7777), /reset/);
    const { reason } = await event(redir, "the failure", (event) => event.ended === "failed");
    assert.match(String(reason), /^nothing listens on localhost:\d+; .*:7777: connect: connection refused$/);
  });

  await t.step("-t takes the ports of one container", async () => {
    const listen = (port: number) => ["sh", "-c", `exec httpd -f -p ${port} -h /`];
    const containers = [["one", 8001], ["two", 8002]].map(([name, port]) => ({
      name,
      image: "localhost/busybox:1",
      command: listen(Number(port)),
    }));
    await namespace.pod("two", { spec: { containers } });
    const two = ["-n", namespace.name, "-p", "two"];
    for (const [container, port] of [["one", 8001], ["two", 8002]] as const) {
      await using redir = await redirected([...two, "redir", "-t", container]);
      const { ports } = await event(redir, "the start", ({ type }) => type === "redir.started");
      assert.deepEqual((ports as { port: number }[]).map(({ port }) => port), [port]);
    }
    await using both = await redirected([...two, "redir"]);
    const { ports } = await event(both, "the start", ({ type }) => type === "redir.started");
    assert.deepEqual((ports as { port: number }[]).map(({ port }) => port), [8001, 8002]);
  });

  await t.step("while old connections end, the source port of one that was broken off may be used again", async () => {
    await using laptop = await Laptop.open(() => {});
    await using nobody = await Laptop.web("NOBODY");
    await nobody[Symbol.asyncDispose]();
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`, `9000:${nobody.port}`]);
    const range = await there.run("cat", portRange);
    const setRange = (value: string) => there.run("sh", "-c", `echo ${value.trim()} >${portRange}`);
    const old = await network.connect("127.0.0.1", 9000);
    await old.write(encode("GET / HTTP/1.0\r\n"));
    await until("the pod to serve it", 5, () => redir.stdout.includes('"redir.opened"'));
    // Force the same source port for each connection from there, one that no earlier connection has used.
    await setRange("20001 20001");
    try {
      const broken = await there.connect(primary, 8080);
      await until("the laptop to have it", 5, () => laptop.connections === 1);
      redir.signal("SIGINT");
      await assert.rejects(broken.read(), /reset/);
      assert.match(await there.get(primary, 8080), /POD/);
      // scope's own listener does not count as one of the pod's ports.
      await using again = await redirected([...app, "redir"]);
      const started = await event(again, "the start", ({ type }) => type === "redir.started");
      assert.deepEqual((started.ports as { port: number }[]).map(({ port }) => port), [8080, 9000]);
      await old.write(encode("\r\n"));
      assert.match(decode(await readAll(old)), /POD/);
    } finally {
      await setRange(range);
    }
  });

  await t.step("connections that lead back through a forwarded port are stopped, and the pod answers", async () => {
    await using forward = await forwarded(namespace.name, "app", 8080);
    await using redir = await redirected([...app, "redir", `8080:${forward.port}`]);
    assert.match(await there.get(primary, 8080), /POD/);
    const { type: _, time: __, ...cycle } = await event(redir, "the cycle", ({ type }) => type === "redir.cycle");
    const local = `localhost:${forward.port}`;
    assert.deepEqual(cycle, {
      ...{ namespace: namespace.name, pod: "app", direction: "incoming", port: 8080, local },
      ...{ program: "kubectl", pid: forward.pid },
    });
    const { reason } = await event(redir, "the last round", ended("pod"));
    assert.equal(reason, `${local} leads back here through kubectl (pid ${forward.pid})`);
    const rounds = () => redir.stdout.match(/"redir\.opened"/g)!.length;
    // Six on an idle machine.
    assert.ok(rounds() <= 20, `${rounds()} rounds`);
    // Many concurrent connections go to the pod without another round.
    const before = rounds();
    const answers = await Promise.all(Array.from({ length: 20 }, () => there.get(primary, 8080)));
    assert.ok(answers.every((answer) => answer.includes("POD")));
    await until("all to be told", 10, () => rounds() - before >= 20, { missing: () => redir.stdout.slice(-3000) });
    assert.equal(rounds() - before, 20);
  });

  await t.step("many alike that wait for an answer are no cycle", async () => {
    await using laptop = await Laptop.open((socket) => {
      socket.once("data", () => setTimeout(() => socket.end("LAPTOP"), 1500));
    });
    await using redir = await redirected([...app, "redir", `8080:${laptop.port}`]);
    const answers = await Promise.all(Array.from({ length: 15 }, async (_, index) => {
      await delay(index * 100);
      return await network.get("127.0.0.1", 8080);
    }));
    assert.ok(answers.every((answer) => answer.includes("LAPTOP")));
    assert.doesNotMatch(redir.stdout, /redir\.cycle/);
  });

  await t.step("a pod that listens on nothing", async () => {
    const { code, stderr } = await scope(["-n", namespace.name, "-p", "client", "redir"]);
    assert.equal(code, 68, stderr);
    assert.match(
      stderr,
      /^error: Cannot find a port to redirect: ".*client:main" listens on none\nhint: name the ports/m,
    );
  });

  await t.step("nothing is left of all that", async () => {
    await untilFree();
    assert.match(await there.get(primary, 8080), /POD/);
  });
  assert.ok(via);
});

Deno.test("redir by one way knows of one by the other, and the debug pod sweeps when it ends", async (t) => {
  await using namespace = await TestNamespace.make();
  const pod = await namespace.pod("app", { command: ["sh", "-c", servers], until: isReady });
  using there = new PodNetwork(await namespace.pod("client"));
  using network = new PodNetwork(pod);
  await using here = await Laptop.web("HERE");
  await using mine = await Laptop.web("MINE");
  const app = ["-n", namespace.name, "-p", "app"], [primary = ""] = addressesOf(pod);
  const first = { env: { USER: "ann" } }, second = { env: { USER: "bob" } };

  await t.step("the second is refused with the name of the first, or takes over", async () => {
    await using one = startScope([...app, "--via", "ephemeral", "redir", `8080:${here.port}`], first);
    await one.until("stdout", /8080 → localhost/, 60);
    const refused = await scope([...app, "--via", "node", "redir", `8080:${mine.port}`], second);
    assert.equal(refused.code, 77);
    assert.match(
      refused.stderr,
      /^error: Cannot redirect ".*\/app": port 8080 is redirected by ann@.*\nhint: .*--takeover$/m,
    );
    // Another port can still be redirected.
    await using beside = startScope([...app, "--via", "node", "redir", `9000:${mine.port}`], second);
    await beside.until("stdout", /9000 → localhost/, 60);
    assert.match(await there.get(primary, 8080), /HERE/);
    await using other = startScope([...app, "--via", "node", "redir", "--takeover", `8080:${mine.port}`], second);
    await other.until("stdout", /8080 → localhost/, 60);
    assert.match(await there.get(primary, 8080), /MINE/);
    assert.equal(await one.exit(5), 77);
    assert.match(one.stderr, /^error: bob@.* has taken over the redirect of ".*\/app"\nhint: .*--takeover/m);
    assert.match(await there.get(primary, 8080), /MINE/);
    for (const redir of [beside, other]) {
      redir.signal("SIGINT");
      assert.equal(await redir.exit(), 130);
    }
    assert.match(await there.get(primary, 8080), /POD/);
  });

  await t.step("cleanup takes with it what a killed manager could not", async () => {
    await scopeOk(...app, "--via", "node", "launch"); // its debug pod sweeps
    await network.run(
      "nft",
      "table inet scope_0; map inet scope_0 incoming { type inet_service : inet_service; flags timeout; }",
    );
    await scopeOk("-n", namespace.name, "-p", "all", "cleanup");
    assert.deepEqual(await network.tables(), []);
  });
});

Deno.test("redir refuses what cannot be redirected, in one line", async (t) => {
  const cases: [string[], number, RegExp][] = [
    ...["0", "65536", "Abc", "80:", ":80", "80:0", "80:81:82", "-1"].map((port): [string[], number, RegExp] => [
      ["-p", "web", "redir", "--", port],
      64,
      new RegExp(`^error: Port "${port}" is none\nhint: it is PORT or PORT:LOCALPORT`),
    ]),
    [["-p", "dns", "redir", "53/udp"], 64, /^error: Cannot redirect port "53\/udp": only TCP is redirected\nhint: /],
    [["-p", "web", "redir", "nowhere"], 68, /^error: Cannot find a port named "nowhere" in pod "demo\/web-/m],
    [["-p", "web", "redir", "80", "80:81"], 64, /^error: Port 80 is given twice\nhint: /],
    [["-p", "web", "redir", "--outgoing"], 64, /^error: Option --outgoing needs the ports .*\nhint: give them/],
    [
      ["-p", "web", "redir", "--probes", "nobody"],
      64,
      /^error: Option --probes cannot be "nobody"\nhint: it is pod or local/,
    ],
    [
      ["-p", "host", "redir", "80"],
      64,
      /^error: Cannot redirect pod "demo\/host": it has the network of its node\nhint: .*whole node/,
    ],
    [["-p", "finished", "redir", "80"], 69, /^error: Pod "demo\/finished" has finished/m],
    [["-p", "nowhere", "redir", "80"], 68, /^error: Cannot find pod "nowhere"/],
    [["-p", "web", "redir", "-t", "nowhere", "80"], 68, /error: Cannot find container "nowhere"/],
    [["-l", "app=nothing", "redir", "80"], 68, /^error: Cannot find a pod with the labels "app=nothing"/],
  ];
  for (const [args, expected, message] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, stdout, stderr } = await scope(["-n", "demo", ...args]);
      assert.deepEqual({ code, stdout }, { code: expected, stdout: "" }, stderr);
      assert.match(stderr, message);
    });
  }
});

Deno.test("redir -l takes every pod, those that come later too, and leaves those that go", async () => {
  await using namespace = await TestNamespace.make();
  await using laptop = await Laptop.web("LAPTOP");
  const make = async (name: string) => {
    const pod = await namespace.pod(name, { command: ["sh", "-c", servers], until: isReady });
    await kubectl(["-n", namespace.name, "label", "pod", name, "group=all"]);
    return pod;
  };
  const first = await make("first"), client = await namespace.pod("client");
  using there = new PodNetwork(client);
  await using redir = await redirected(["-n", namespace.name, "-l", "group=all", "redir", `8080:${laptop.port}`]);
  const second = await make("second");
  await event(redir, "the second pod", ({ type, pod }) => type === "redir.started" && pod === "second");
  for (const pod of [first, second]) assert.match(await there.get(addressesOf(pod)[0]!, 8080), /LAPTOP/);
  await kubectl(["-n", namespace.name, "delete", "pod", "first", "--wait=false"]);
  await event(redir, "the first pod's end", ({ type, pod }) => type === "redir.left" && pod === "first");
  assert.match(await there.get(addressesOf(second)[0]!, 8080), /LAPTOP/);
  await kubectl(["-n", namespace.name, "label", "pod", "second", "group-"]);
  await event(redir, "the second pod's leave", ({ type, pod }) => type === "redir.left" && pod === "second");
  await until(
    "the second pod to answer",
    5,
    async () => (await there.get(addressesOf(second)[0]!, 8080)).includes("POD"),
  );
  redir.signal("SIGINT");
  assert.equal(await redir.exit(), 130);
});

Deno.test("redir of a service waits for its pods, and takes the port behind the service's", async () => {
  await using namespace = await TestNamespace.make();
  await using laptop = await Laptop.web("LAPTOP");
  await kubectl(["create"], {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "late", namespace: namespace.name } },
    spec: { selector: { e2e: "late" }, ports: [{ name: "web", port: 80, targetPort: "http" }] },
  });
  const args = ["-n", namespace.name, "-p", "svc/late", "redir", `80:${laptop.port}`];
  await using redir = startScope(["-o", "json", ...args]);
  await redir.until("stderr", /^redirecting all pods of service "late": none now, and those that come$/m);
  const ports = [{ name: "http", containerPort: 8080 }];
  const pod = await namespace.pod("late", {
    spec: { containers: [{ name: "main", image: "localhost/busybox:1", command: ["sh", "-c", servers], ports }] },
    until: isReady,
  });
  const started = await event(redir, "the start", ({ type }) => type === "redir.started");
  assert.deepEqual((started.ports as { port: number }[]).map(({ port }) => port), [8080]);
  assert.match(redir.stderr, /^port 80 of service "late" is port 8080 of its pods$/m);
  using network = new PodNetwork(pod);
  assert.match(await network.get("127.0.0.1", 8080), /LAPTOP/);
  assert.match(await network.get("127.0.0.1", 9000), /POD/);
  redir.signal("SIGINT");
  assert.equal(await redir.exit(), 130);
});
