import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { type Outcome, outcome } from "./cluster_script.ts";
import { buildGrpcurl } from "./grpcurl.ts";
import { demoPods, isRunning, type Pod, TestNamespace } from "./kube.ts";
import { describe, runProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, type ScopeProcess, startScope } from "./scope.ts";
import { SlowNetwork } from "./slow_network.ts";
import { Terminal } from "./terminal.ts";
import { overWays } from "./ways.ts";

const program = await buildGrpcurl();

/** The first line of output. */
const ready = /^(scope-\S+) (unix:(\/.*\/scope-[0-9a-f]+\/manager\.sock))\n$/;
const web = ["-n", "demo", "-p", "web"];

/** Makes a call with the real grpcurl. */
function grpcurl(socket: string, ...args: string[]): Promise<Outcome> {
  return outcome(program, ["-plaintext", "-unix", socket, ...args]);
}

/** Calls a method with grpcurl, which must succeed; returns the messages. */
async function call<T>(socket: string, method: string, request: unknown = {}): Promise<T[]> {
  const args = ["-plaintext", "-unix", "-d", JSON.stringify(request), socket, `scope.v1.Manager/${method}`];
  const { code, stdout, stderr } = await outcome(program, args);
  assert.equal(code, 0, `grpcurl ${args.join(" ")}: ${stderr}`);
  return messages(stdout);
}

/** Splits grpcurl's output into messages, each of which has several lines. */
function messages<T>(stdout: string): T[] {
  return stdout.split(/^(?=\{)/m).filter((text) => text.trim() !== "").map((text) => JSON.parse(text));
}

/** Starts manage in the foreground, as at a terminal; its stdout is a pipe here. */
async function startManage(args: readonly string[], more: string[] = [], env = {}) {
  const manage = startScope([...args, "manage", "--foreground", ...more], { env });
  await manage.until("stdout", /\n/, 60);
  const [, name = "", address = "", socket = ""] = ready.exec(manage.stdout) ?? [];
  return { manage, name, address, socket };
}

async function untilNothingRuns(): Promise<void> {
  await until("what was started to end", 6, () => runProcesses().length === 0, {
    missing: () => describe(runProcesses()).join("\n"),
  });
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Ends manage by a signal, and checks its exit code and leftovers. */
async function ends(manage: ScopeProcess, socket: string, signal: Deno.Signal, code: number): Promise<void> {
  manage.signal(signal);
  assert.equal(await manage.exit(10), code, manage.stderr);
  assert.equal(await exists(socket), false);
  assert.equal(await exists(socket.replace(/\/[^/]*$/, "")), false);
}

overWays("manage serves the manager's gRPC to the real grpcurl", async (t, way) => {
  const [pod] = await demoPods("web") as [Pod];
  const target = ["-n", "demo", "-p", pod.metadata.name];
  const started = await startManage(target);
  const { name, socket } = started;
  await using manage = started.manage;

  await t.step("prints first what the manager runs in, and where it serves", () => {
    assert.match(manage.stdout, ready);
  });

  await t.step("the socket is its owner's alone, in a directory that is, too", async () => {
    assert.equal((await Deno.stat(socket)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(socket.replace(/\/[^/]*$/, ""))).mode! & 0o777, 0o700);
  });

  await t.step("list", async () => {
    const { stdout, stderr } = await grpcurl(socket, "list");
    assert.equal(stdout, "grpc.reflection.v1.ServerReflection\nscope.v1.Manager\n", stderr);
  });

  await t.step("describe scope.v1.Manager", async () => {
    const { stdout, stderr } = await grpcurl(socket, "describe", "scope.v1.Manager");
    assert.match(stdout, /^scope\.v1\.Manager is a service:\nservice Manager \{$/m, stderr);
    assert.match(
      stdout,
      /^ {2}rpc Run \( stream \.scope\.v1\.RunRequest \) returns \( stream \.scope\.v1\.RunResponse \);$/m,
    );
    const none = await grpcurl(socket, "describe", "scope.v1.Nothing");
    assert.notEqual(none.code, 0);
    assert.match(none.stderr, /Symbol not found: scope\.v1\.Nothing/);
  });

  await t.step("Info: one client, whoever calls", async () => {
    const [info] = await call<{ version: string; clients: number }>(socket, "Info");
    assert.equal(info?.clients, 1);
    assert.match(info!.version, /^\d+\.\d+\.\d+$/);
  });

  await t.step("Ps of a container by its id", async () => {
    const id = pod.status.containerStatuses![0]!.containerID!.replace(/^.*\/\//, "");
    const [ps] = await call<{ processes: Record<string, unknown>[] }>(socket, "Ps", {
      containers: [{ id, name: "web" }],
    });
    assert.ok(ps!.processes.some(({ container, containerPid }) => container === "web" && containerPid === 1));
  });

  await t.step("Run that is silent for longer than a client may be", async () => {
    const start = { argv: ["sh", "-c", "echo begins; sleep 6; echo ends; exit 3"] };
    const seen = await call<Record<string, unknown>>(socket, "Run", { start });
    const text = seen.map(({ stdout }) => atob(String(stdout ?? ""))).join("");
    assert.equal(text, "begins\nends\n");
    assert.deepEqual(seen.at(-1), { exit: { code: 3 } });
  });

  await t.step("Run in the target's network, with a target that grpcurl gives", async () => {
    const podUid = pod.metadata.uid;
    const start = { target: { podUid }, namespaces: ["NAMESPACE_NET"], argv: ["ip", "-o", "address"] };
    const seen = await call<Record<string, unknown>>(socket, "Run", { start });
    const text = seen.map(({ stdout }) => atob(String(stdout ?? ""))).join("");
    assert.ok(text.includes(` ${pod.status.podIP}/`), text);
  });

  await t.step("errors arrive as the manager gave them", async () => {
    const request = JSON.stringify({ target: { containerId: "0".repeat(64) }, path: btoa("/") });
    const args = ["-plaintext", "-unix", "-d", request, socket, "scope.v1.Manager/ListFiles"];
    const { code, stderr } = await outcome(program, args);
    assert.equal(code, 64 + 5); // grpcurl's exit code for NotFound
    assert.match(stderr, /Code: NotFound\n +Message: the container does not run\n/);
  });

  await t.step("a caller that goes away ends what it started", async () => {
    const request = JSON.stringify({ start: { argv: ["sleep", "1000"] } });
    // grpcurl gives up after a second.
    const args = ["-plaintext", "-unix", "-max-time", "1", "-d", request, socket, "scope.v1.Manager/Run"];
    assert.equal((await outcome(program, args)).code, 64 + 4); // DeadlineExceeded
    await untilNothingRuns();
    const caller = new Deno.Command(program, {
      args: args.toSpliced(2, 2),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until("the program to run", 10, () => runProcesses().length > 0);
    caller.kill("SIGKILL");
    await caller.status;
    await untilNothingRuns();
  });

  await t.step("SIGTERM ends it, with the socket and what runs", async () => {
    const running = call(socket, "Run", { start: { argv: ["sleep", "1000"] } });
    const failed = assert.rejects(running, /Code: Unavailable\n *Message: scope does not serve this manager any more/);
    await until("the program to run", 10, () => runProcesses().length > 0);
    await ends(manage, socket, "SIGTERM", 143);
    await failed;
    await untilNothingRuns();
  });

  await t.step("SIGINT does, too, in -o json", async () => {
    await using json = startScope(["-o", "json", ...target, "manage", "--foreground"]);
    await json.until("stdout", /\n/);
    const [event] = eventsOf(json.stdout);
    const { type, time, address, ...rest } = event!;
    assert.deepEqual(rest, { name, namespace: "demo", pod: pod.metadata.name, way: way.via });
    assert.deepEqual([type, typeof time], ["manage.ready", "string"]);
    await ends(json, String(address).replace(/^unix:/, ""), "SIGINT", 130);
  });

  await t.step("SIGKILL leaves a socket, which the next one does not mind, and nothing beside the pod", async () => {
    const { manage: first, socket: old } = await startManage(target);
    await using killed = first;
    const running = call(old, "Run", { start: { argv: ["sleep", "1000"] } }).catch(() => {});
    await until("the program to run", 10, () => runProcesses().length > 0);
    killed.signal("SIGKILL");
    await running;
    await untilNothingRuns();
    assert.equal(await exists(old), true);
    const { manage: second, socket: fresh } = await startManage(target);
    await using next = second;
    assert.equal((await call(fresh, "Info")).length, 1);
    await ends(next, fresh, "SIGTERM", 143);
    await Deno.remove(old.replace(/\/[^/]*$/, ""), { recursive: true });
  });

  await t.step("the line that reads the name from a pipe returns, and it serves on", async () => {
    const line = 'NAME=$("$@" | cut -d\' \' -f1); echo "$NAME"';
    const command = ["sh", "-c", line, "sh", ...scopeArgv];
    const labels = ["-l", "app=web", "-n", "demo", "--dbg-image", Deno.env.get("SCOPE_IMAGE")!];
    const { code, stdout, stderr } = await outcome(command[0]!, [
      ...[...command.slice(1), ...labels, "--pull-policy=IfNotPresent", "manage"],
    ], scopeEnv());
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^scope-\S+\n$/);
    const [, path = "", pid = ""] =
      /^serving at unix:(\S+) in the background, until nobody has used it for 10 minutes; kill (\d+) ends it$/m
        .exec(stderr) ?? [];
    assert.equal((await call(path, "Info")).length, 1, stderr);
    Deno.kill(Number(pid), "SIGTERM");
    await until("the socket to be removed", 5, async () => !await exists(path));
  });
});

Deno.test("manage in the background", async (t) => {
  await t.step("ends when nobody has used it for a while, and not before", async () => {
    const { manage: started, socket } = await startManage(web, ["--idle", "2"]);
    await using manage = started;
    const start = { argv: ["sleep", "4"] };
    assert.deepEqual((await call(socket, "Run", { start })).at(-1), { exit: {} });
    assert.equal(await manage.exit(10), 0);
    assert.equal(await exists(socket), false);
  });

  await t.step("that cannot begin says why, with its exit code", async () => {
    const { code, stdout, stderr } = await scope(["-n", "demo", "-p", "nopod", "manage"]);
    assert.deepEqual([code, stdout], [68, ""]);
    assert.match(stderr, /^error: Cannot find pod "nopod" in namespace "demo"\nhint: .*\n$/);
  });

  await t.step("that is told to end while it begins leaves nobody behind", async () => {
    await using own = await TestNamespace.make();
    await own.pod("target");
    const args = ["--via", "ephemeral", "-n", own.name, "-p", "target"];
    await using begins = startScope([...args, "-i", "localhost/scope/not-there:1", "manage"]);
    await begins.until("stderr", /adding the ephemeral container/);
    begins.signal("SIGINT");
    assert.equal(await begins.exit(10), 130);
    const { stdout } = await outcome("pgrep", ["-f", `[m]ain.js .*-n ${own.name} `]);
    assert.equal(stdout, "");
  });
});

Deno.test("manage at a place of one's own", async (t) => {
  const directory = await Deno.makeTempDir({ prefix: "scope-manage-" });
  const fails = async (args: string[], code: number, error: RegExp, hint = /.+/) => {
    const outcome = await scope([...web, "manage", "--foreground", ...args]);
    assert.deepEqual([outcome.code, outcome.stdout], [code, ""], outcome.stderr);
    assert.match(outcome.stderr, new RegExp(`^error: ${error.source}\\nhint: ${hint.source}\\n$`, "m"));
  };
  try {
    await t.step("--socket PATH, and nobody else at the same path", async () => {
      const path = `${directory}/here.sock`;
      const { manage: started } = await startManage(web, ["--socket", path]);
      await using manage = started;
      assert.match(manage.stdout, new RegExp(`^scope-\\S+ unix:${path}\n$`));
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      assert.equal((await call(path, "Info")).length, 1);
      await fails(
        ["--socket", path],
        69,
        /Cannot listen on the socket ".*here\.sock": it exists already/,
        /remove it if .*/,
      );
      assert.equal((await call(path, "Info")).length, 1);
      manage.signal("SIGHUP");
      assert.equal(await manage.exit(10), 129);
      assert.equal(await exists(path), false);
    });

    await t.step("--socket where something is, or where nothing can be", async () => {
      await Deno.writeTextFile(`${directory}/file`, "precious");
      await fails(
        ["--socket", `${directory}/file`],
        69,
        /Cannot listen on the socket ".*file": it exists already/,
        /choose another path/,
      );
      assert.equal(await Deno.readTextFile(`${directory}/file`), "precious");
      await fails(
        ["--socket", `${directory}/no/x`],
        68,
        /Cannot listen on the socket ".*": its directory is not there/,
      );
      await fails(["--socket", `${directory}/${"x".repeat(120)}`], 64, /Cannot listen on .*: the path is too long/);
    });

    await t.step("--port, with a warning, and not where it is taken", async () => {
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = taken.addr as Deno.NetAddr;
      await fails(
        ["--port", `${port}`],
        69,
        new RegExp(`Cannot listen on port ${port} of 127\\.0\\.0\\.1: it is taken`),
      );
      taken.close();
      const { manage: started } = await startManage(web, ["--port", `${port}`]);
      await using manage = started;
      assert.match(manage.stdout, new RegExp(`^scope-\\S+ 127\\.0\\.0\\.1:${port}\n$`));
      assert.match(manage.stderr, /^anybody on this machine who can connect to 127\.0\.0\.1:\d+ gets this manager/m);
      const { code, stderr } = await outcome(program, ["-plaintext", `127.0.0.1:${port}`, "scope.v1.Manager/Info"]);
      assert.equal(code, 0, stderr);
      // It listens on this machine only.
      const { stdout } = await outcome("ss", ["-Hltn", `sport = :${port}`]);
      assert.match(stdout, new RegExp(` 127\\.0\\.0\\.1:${port} `));
      manage.signal("SIGTERM");
      assert.equal(await manage.exit(10), 143);
    });

    for (const port of ["0", "65536", "abc"]) {
      await t.step(
        `--port ${port}`,
        () => fails(["--port", port], 64, new RegExp(`Option --port cannot be "${port}"`)),
      );
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("manage at a terminal serves until Ctrl-C", async () => {
  await using terminal = await Terminal.run(["--via", "node", ...web, "manage"], 120);
  const screen = await terminal.until(/^scope-\S+ unix:\/\S+$/m, 60);
  const socket = /unix:(\S+)/.exec(screen)![1]!;
  assert.equal((await call(socket, "Info")).length, 1);
  await terminal.type("", "C-c");
  await terminal.until(/^\^Cexit=130$/m);
  assert.equal(await exists(socket), false);
});

Deno.test("manage says when it lost the manager", async (t) => {
  await t.step("the network falls silent", async () => {
    await using slowNetwork = await SlowNetwork.open();
    const { manage: started, socket } = await startManage(web, [], { KUBECONFIG: slowNetwork.kubeconfig });
    await using manage = started;
    await grpcurl(socket, "list"); // one answer before the connection is blocked
    slowNetwork.block();
    assert.equal(await manage.exit(25), 69);
    assert.match(manage.stderr, /^error: Lost the connection to the manager in debug pod .*$/m);
    assert.equal(await exists(socket), false);
  });

  await t.step("the pod is deleted", async () => {
    await using own = await TestNamespace.make();
    await own.pod("target", { until: isRunning });
    const { manage: started, socket } = await startManage(["--via", "ephemeral", "-n", own.name, "-p", "target"]);
    await using manage = started;
    await outcome("kubectl", ["-n", own.name, "delete", "pod", "target", "--wait=false"]);
    assert.equal(await manage.exit(30), 69);
    assert.match(manage.stderr, /^error: Pod ".*target" was deleted meanwhile$/m);
    assert.equal(await exists(socket), false);
  });
});
