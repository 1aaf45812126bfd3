/** Tests scope logs on the real cluster. */
import assert from "node:assert/strict";
import { killApiServer, reviveApiServer, untilClusterWorks } from "../faults/api_server.ts";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { digest } from "./files.ts";
import { Kubeconfig } from "./credentials.ts";
import { kubectl, TestNamespace } from "./kube.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, scopeOk, startScope } from "./scope.ts";
import { SlowNetwork } from "./slow_network.ts";
import { Terminal } from "./terminal.ts";

const finished = ({ status }: { status: { phase: string } }) => status.phase === "Succeeded";
const once = (script: string) => ({
  command: ["sh", "-c", script],
  spec: { restartPolicy: "Never" },
  until: finished,
});

/** Returns containers that print numbers, a hundred at a time, and then wait. */
function counting(names: readonly string[], count: number) {
  const script = `i=0; while [ $i -lt ${count} ]; do seq $i $((i+99)); i=$((i+100)); sleep 0.2; done; sleep infinity`;
  const containers = names.map((name) => ({ name, image: "localhost/busybox:1", command: ["sh", "-c", script] }));
  return { spec: { containers } };
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

interface Line {
  readonly pod: string;
  readonly container: string;
  readonly text: string;
}

/** Returns the log lines among the events printed so far. */
function linesOf(stdout: string): Line[] {
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return eventsOf(whole).filter(({ type }) => type === "log.line") as unknown as Line[];
}

Deno.test("logs loses no line and repeats none over cut connections and a restart of the API server", async () => {
  await using own = await TestNamespace.make();
  const pods = ["one", "two", "three"], containers = ["a", "b"], count = 10_000;
  await Promise.all(pods.map((name) => own.pod(name, counting(containers, count))));
  await using slowNetwork = await SlowNetwork.open();
  await using process = startScope(
    ["-n", own.name, "-o", "json", "logs", "-a", "--tail", "1000000"],
    slowNetwork.options,
  );
  const lines: Line[] = [];
  let read = 0;
  const numbers = () => {
    const fresh = process.stdout.slice(read), end = fresh.lastIndexOf("\n") + 1;
    lines.push(...linesOf(fresh.slice(0, end)));
    read += end;
    return Map.groupBy(lines, ({ pod, container }) => `${pod} ${container}`);
  };
  const reach = (least: number, seconds = 60) =>
    until(`${least} lines of each container`, seconds, () => {
      const all = [...numbers().values()];
      return all.length === 6 && all.every(({ length }) => length >= least);
    }, { every: 500, missing: () => `${[...numbers().values()].map(({ length }) => length)}` });
  await reach(1000);
  // The last stream is open for more than five seconds before it is lost.
  for (const least of [2000, 5000]) {
    slowNetwork.cut();
    await reach(least);
  }
  await killApiServer();
  try {
    await until("the loss", 30, () => process.stdout.includes('"type":"log.lost"'), { every: 250 });
  } finally {
    await reviveApiServer();
  }
  await reach(count, 180);
  process.signal("SIGINT");
  assert.equal(await process.exit(), 130, process.stderr);
  const expected = Array.from({ length: count }, (_, number) => `${number}`);
  for (const [name, lines] of numbers()) {
    // Not compared as a whole: the difference would be thousands of lines.
    const wrong = lines.findIndex(({ text }, at) => text !== expected[at]);
    assert.deepEqual([lines.length, lines[wrong]?.text], [count, undefined], `${name}, from line ${wrong} on`);
  }
  const types = Map.groupBy(eventsOf(process.stdout), ({ type }) => type as string);
  assert.equal(types.get("log.back")?.length, types.get("log.lost")?.length);
  assert.equal(types.get("log.gap"), undefined);
  await untilClusterWorks();
});

Deno.test("logs goes on when all bytes vanish on the way, and nobody says so", async () => {
  await using own = await TestNamespace.make();
  await own.pod("count", { command: ["sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.2; done"] });
  await using slowNetwork = await SlowNetwork.open();
  await using process = startScope(["-n", own.name, "logs", "count"], slowNetwork.options);
  await process.until("stdout", /^10$/m);
  slowNetwork.block();
  const before = process.stdout.trim().split("\n").length;
  await until("lines to be missed", 20, async () => {
    const log = await kubectl(["-n", own.name, "logs", "count", "--tail=1"]);
    return Number(log) > before + 10;
  });
  slowNetwork.unblock();
  await process.until("stdout", new RegExp(`^${before + 20}$`, "m"), 90);
  const numbers = process.stdout.trim().split("\n").map(Number);
  assert.deepEqual(numbers, numbers.map((_, at) => at));
});

Deno.test("logs follows pods that come, containers that are started anew, and tells of those that go", async (t) => {
  await using own = await TestNamespace.make();
  const restarting =
    'n=$(cat /state/run || echo 0); echo "run $n"; echo $((n+1)) >/state/run; sleep 3; echo last; exit 3';
  const pod = (name: string, command: string) =>
    kubectl(["create"], {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: own.name, labels: { app: "it" } },
      spec: {
        terminationGracePeriodSeconds: 0,
        initContainers: [{ name: "prepare", image: "localhost/busybox:1", command: ["sh", "-c", command] }],
        containers: [{
          name: "main",
          image: "localhost/busybox:1",
          command: ["sh", "-c", restarting],
          volumeMounts: [{ name: "state", mountPath: "/state" }],
        }],
        volumes: [{ name: "state", emptyDir: {} }],
      },
    });
  await pod("first", "echo ready");
  await using process = startScope(["-n", own.name, "-l", "app=it", "-o", "json", "logs"]);
  const texts = (name: string) => linesOf(process.stdout).filter(({ pod }) => pod === name).map(({ text }) => text);
  const has = (name: string, ...wanted: string[]) =>
    until(`${wanted} of ${name}`, 60, () => wanted.every((text) => texts(name).includes(text)), {
      missing: () => process.stdout + process.stderr,
    });
  await t.step("a restarted container is followed from its start", async () => {
    await has("first", "ready", "last");
    await until("the next run of first", 60, () => texts("first").filter((text) => text.startsWith("run")).length > 1);
    const types = eventsOf(process.stdout).filter(({ container }) => container === "main").map(({ type }) => type);
    const ended = types.indexOf("log.ended");
    assert.ok(ended >= 0 && ended < types.indexOf("log.restarted"), `${types}`);
  });
  await t.step("a pod that comes later is followed from its start", async () => {
    await pod("second", "echo ready too");
    await has("second", "ready too", "run 0", "last");
  });
  await t.step("one that is deleted is told of, the others go on", async () => {
    await kubectl(["-n", own.name, "delete", "pod", "first", "--wait=false"]);
    await process.until("stdout", /"type":"log.gone".*"pod":"first","reason":"it was deleted"/, 40);
  });
  process.signal("SIGTERM");
  assert.equal(await process.exit(), 143);
  for (const name of ["first", "second"]) {
    const runs = texts(name).filter((text) => text.startsWith("run"));
    assert.equal(new Set(runs).size, runs.length, `repeated: ${runs}`);
  }
});

Deno.test("logs waits for the pods of a workload, and follows the jobs of a cron job", async () => {
  await using own = await TestNamespace.make();
  const inside = (...args: string[]) => kubectl(["-n", own.name, ...args]);
  const job = (name: string) => inside("create", "job", name, "--from=cronjob/nightly");
  const command = ["sh", "-c", "echo hello; exec sleep 1000"];
  await inside("create", "cronjob", "nightly", "--image=localhost/busybox:1", "--schedule=0 0 1 1 *", "--", ...command);
  await using process = startScope(["-n", own.name, "logs", "cj/nightly"]);
  await process.until("stderr", /^there are no pods of cronjob "nightly" now: waiting for those that come$/m);
  await job("nightly-29000000");
  await process.until("stdout", /^nightly-29000000-\w+ \| hello$/m, 40);
  process.signal("SIGINT");
  assert.equal(await process.exit(), 130);
  await job("by-hand");
  await until(
    "the other job",
    30,
    async () => (await outcome("kubectl", ["-n", own.name, "logs", "job/by-hand"])).code === 0,
  );
  const printed = async (...args: string[]) => (await scope(["-n", own.name, ...args])).stdout;
  assert.equal((await printed("logs", "cronjob.batch/nightly", "--no-follow")).match(/hello/g)?.length, 2);
  assert.equal(await printed("logs", "job/by-hand", "--no-follow", "--grep", "hello"), "hello\n");
});

Deno.test("logs with a command runs it while it follows, has all that was logged, and ends with its exit code", async (t) => {
  await using own = await TestNamespace.make();
  // A server that logs each request.
  const server = {
    command: ["sh", "-c", "echo before; mkdir /www; echo hi >/www/a; exec httpd -f -v -p 8080 -h /www"],
  };
  const { status: { podIP } } = await own.pod("web", server);
  const { status: { podIP: other } } = await own.pod("api", server);
  const request = (ip: string | undefined) =>
    `kubectl -n ${own.name} exec web -- busybox wget -qO- http://${ip}:8080/a`;
  const env = { PATH: Deno.env.get("PATH")! };
  const logs = (args: readonly string[], stdin?: string) =>
    scope(["-n", own.name, "logs", ...args], {
      env,
      ...(stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) }),
    });
  await t.step("what a request causes, in all pods", async () => {
    const script = `${request(podIP)}; ${request(other)}; exit 7`;
    const { code, stdout, stderr } = await logs(["-a", "--", "sh", "-c", script]);
    assert.equal(code, 7, stderr);
    const lines = stdout.trim().split("\n");
    assert.equal(lines.filter((line) => line === "hi").length, 2, stdout);
    for (const pod of ["api", "web"]) {
      assert.equal(
        lines.filter((line) => line.startsWith(`${pod} | `) && line.includes("response:200")).length,
        1,
        stdout,
      );
    }
    assert.equal(lines.length, 4, stdout);
  });
  await t.step("without --, where an option says which pods", async () => {
    const { code, stdout } = await scope(["-n", own.name, "-p", "web", "logs", "echo", "here"]);
    assert.deepEqual([code, stdout], [0, "here\n"]);
  });
  await t.step("stdin is the command's, and bytes pass as they are", async () => {
    const { code, bytes } = await logs(["web", "--", "sh", "-c", "cat; printf '\\377\\000end'"], "in\n");
    assert.equal(code, 0);
    assert.deepEqual([...bytes], [...new TextEncoder().encode("in\n"), 255, 0, ...new TextEncoder().encode("end")]);
  });
  await t.step("a signal that ends it is 128 + n", async () => {
    assert.equal((await logs(["web", "--", "sh", "-c", "kill -KILL $$"])).code, 137);
  });
  await t.step("a program that is missing is told", async () => {
    const { code, stderr } = await logs(["web", "--", "no-such-program"]);
    assert.equal(code, 68);
    assert.match(stderr, /^error: Cannot find the program "no-such-program" on this machine\nhint: /);
  });
  await t.step("Ctrl-C ends both", async () => {
    await using process = startScope(["-n", own.name, "logs", "web", "--", "sh", "-c", "echo $$; exec sleep 1000"]);
    await process.until("stdout", /^\d+$/m);
    process.signal("SIGINT");
    assert.equal(await process.exit(10), 130);
    const pid = Number(process.stdout);
    await until("the command to end", 10, () => Deno.lstat(`/proc/${pid}`).then(() => false, () => true));
  });
  await t.step("on a terminal a log line never stands behind an unfinished line", async () => {
    const script = `printf unfinished; ${request(podIP)} >/dev/null; sleep 1; exit 5`;
    await using terminal = await Terminal.run(
      ["-n", own.name, "logs", "-a", "--", "env", `PATH=${env.PATH}`, "sh", "-c", script],
      60,
    );
    const { code, screen } = await terminal.exit(40);
    assert.equal(code, 5);
    assert.match(screen, /^unfinished *\nweb \| .*response:200/m);
  });
});

Deno.test("logs prints what containers print, whatever it is", async (t) => {
  await using own = await TestNamespace.make();
  const odd = "printf 'caf\\351 \\033[31mred\\033[0m\\ttab \\033]0;title\\007\\n'; " +
    "printf '{\"name\": \"a\\342\\200\\215b\"}\\r.\\n'; head -c 3000000 /dev/zero | tr '\\0' x; echo; printf 'no end'";
  await own.pod("odd", once(odd));
  const args = ["-n", own.name, "logs", "odd"];
  await t.step("in a pipe: byte for byte, where the locale has ASCII only as well", async () => {
    const expected = "caf\xe9 \x1b[31mred\x1b[0m\ttab \x1b]0;title\x07\n" +
      `{"name": "a\xe2\x80\x8db"}\r.\n${"x".repeat(3_000_000)}\nno end`;
    for (const env of [{}, { LC_ALL: "C" }]) {
      const { code, bytes } = await scope(args, { env });
      assert.equal(code, 0);
      // Not compared as a whole: the difference would be millions of bytes.
      assert.deepEqual(bytes.subarray(0, 100), latin1(expected).subarray(0, 100));
      assert.equal(await digest(bytes), await digest(latin1(expected)));
    }
  });
  await t.step("what is recorded beside a pipe drives no terminal", async () => {
    const directory = await Deno.makeTempDir({ prefix: "scope-record-" });
    await scopeOk("--record", `${directory}/cast`, ...args, "--grep", "red|name");
    const [, ...events] = (await Deno.readTextFile(`${directory}/cast`)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    const text = events.map(([, , text]) => text).join("");
    assert.equal(text, 'caf\ufffd \x1b[31mred\x1b[0m\ttab \\x1b]0;title\\x07\r\n{"name": "a\u200db"}\\r.\r\n');
    await Deno.remove(directory, { recursive: true });
  });
  await t.step("as JSON: exactly, with the server's times", async () => {
    const { stdout } = await scope([...args, "-o", "json", "--no-follow"]);
    const [first] = eventsOf(stdout).filter(({ type }) => type === "log.line");
    assert.equal(atob(first!.base64 as string), "caf\xe9 \x1b[31mred\x1b[0m\ttab \x1b]0;title\x07");
    assert.match(first!.time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  });
  await t.step("--timestamps, --tail, --grep", async () => {
    const { stdout } = await scope([...args, "--timestamps", "--tail", "1"]);
    assert.match(stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z no end$/);
    assert.equal((await scope([...args, "--grep", "(?i)NO e"])).stdout, "no end");
  });
  await t.step("on a terminal: colours, and NO_COLOR", async () => {
    const run = (env: Record<string, string>) => {
      const command = [...scopeArgv, ...args, "--grep", "red|name"].map((word) => `'${word}'`).join(" ");
      return outcome("script", ["-qec", `stty cols 100; ${command}`, "/dev/null"], { ...scopeEnv(), ...env });
    };
    const colored = (await run({ TERM: "xterm" })).stdout;
    assert.ok(colored.includes("\x1b[31mred\x1b[0m\ttab \\x1b]0;title\\x07"), colored);
    const plain = (await run({ TERM: "xterm", NO_COLOR: "1" })).stdout;
    assert.ok(plain.includes('{"name": "a\u200db"}'), "what joins letters is shown");
    assert.ok(plain.includes("caf\\xe9 red\ttab") && !plain.includes("\x1b"), plain);
  });
});

Deno.test("logs with --no-follow puts all lines in the order of time, and ends", async () => {
  await using own = await TestNamespace.make();
  const script = "for i in 1 2 3; do echo $i; sleep 0.5; done";
  await Promise.all(["a", "b"].map((name) => own.pod(name, once(script))));
  const { code, stdout, stderr } = await scope(["-n", own.name, "logs", "-a", "--no-follow", "--timestamps"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const times = stdout.trim().split("\n").map((line) => line.split(" ")[2]!);
  assert.equal(times.length, 6);
  assert.deepEqual(times, times.toSorted());
});

Deno.test("logs with --previous prints what the containers before the last restart printed", async () => {
  await using own = await TestNamespace.make();
  // The second run must not end: the kubelet keeps only the log of the last ended run, which must be the first.
  const once = (name: string) => ({
    ...{ name, image: "localhost/busybox:1" },
    command: [
      "sh",
      "-c",
      `test -e /state/${name} && exec sleep infinity; touch /state/${name}; echo from ${name}; exit 1`,
    ],
    volumeMounts: [{ name: "state", mountPath: "/state" }],
  });
  const { metadata } = await own.pod("again", {
    spec: {
      nodeName: "node1",
      containers: [once("main"), once("side")],
      volumes: [{ name: "state", emptyDir: {} }],
    },
    until: ({ status: { containerStatuses = [] } }) =>
      containerStatuses.length === 2 &&
      containerStatuses.every(({ lastState, state }) =>
        lastState?.["terminated"] !== undefined && state["running"] !== undefined
      ),
  });
  const { code, stdout } = await scope(["-n", own.name, "logs", "again", "main", "--previous"]);
  assert.deepEqual([code, stdout], [0, "from main\n"]);

  // Nodes also remove logs by themselves.
  await own.pod("cleaner", {
    spec: {
      nodeName: "node1",
      containers: [{
        ...{ name: "main", image: "localhost/busybox:1", volumeMounts: [{ name: "logs", mountPath: "/logs" }] },
        command: ["sh", "-c", `rm /logs/${own.name}_again_${metadata.uid}/main/0.log && exec sleep infinity`],
      }],
      volumes: [{ name: "logs", hostPath: { path: "/var/log/pods" } }],
    },
  });
  const one = await scope(["-n", own.name, "logs", "again", "main", "--previous"]);
  assert.deepEqual([one.code, one.stdout], [68, ""]);
  assert.match(one.stderr, /^error: Cannot read the logs of "again main": .*\nhint: the node has it no more\n$/);
  const both = await scope(["-n", own.name, "logs", "again", "--previous"]);
  assert.deepEqual([both.code, both.stdout], [1, "side | from side\n"]);
  assert.match(
    both.stderr,
    /^\S+\/again main: failed: Cannot read the logs of "again main": .*\(the node has it no more\)\n$/,
  );
});

Deno.test("logs waits for a container that cannot start, and says so once", async () => {
  await using own = await TestNamespace.make();
  await kubectl(["-n", own.name, "run", "stuck", "--image=localhost/none:1", "--image-pull-policy=Never"]);
  await using process = startScope(["-n", own.name, "logs", "stuck"]);
  await process.until("stderr", /^stuck stuck: has no logs yet \(ErrImageNeverPull\)$/m, 30);
  process.signal("SIGINT");
  assert.equal(await process.exit(), 130);
  const once = await scope(["-n", own.name, "logs", "stuck", "--no-follow"]);
  assert.equal(once.code, 68);
  assert.match(once.stderr, /no container has started \(ErrImageNeverPull\)/);
});

Deno.test("logs says what is wrong with a command line, and what is missing", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("web");
  const cases: [string, string[], number, RegExp][] = [
    ["a bad --since", ["web", "--since", "soon"], 64, /Option --since cannot be "soon"/],
    ["a negative --tail", ["web", "--tail", "-2"], 64, /Option --tail cannot be "-2"/],
    ["a bad --grep", ["web", "--grep", "("], 64, /Option --grep cannot be "\("\nhint: .*Unterminated group/],
    ["-p and -l", ["-p", "web", "-l", "a=b"], 64, /Options --pod and --selector exclude each other/],
    ["-a and -p", ["-a", "-p", "web"], 64, /Option --all excludes --pod and --selector/],
    ["nothing", [], 64, /No pod specified/],
    ["-- with nothing behind", ["web", "--"], 64, /No command specified/],
    ["too many words", ["web", "main", "ls"], 64, /Command "logs" cannot take "ls"/],
    ["a command that needs following", ["web", "--no-follow", "--", "ls"], 64, /--no-follow cannot be given with/],
    ["no such container", ["web", "-c", "api"], 68, /Cannot find container "api" in pod ".*\/web"\nhint: it has main/],
    ["no such pod", ["nope"], 68, /Cannot find pod "nope"/],
    ["no such labels", ["-l", "app=nope"], 68, /Cannot find a pod with the labels "app=nope"/],
    ["no previous one", ["web", "--previous"], 68, /Cannot find a container that ran before/],
  ];
  for (const [name, args, code, message] of cases) {
    await t.step(name, async () => {
      const outcome = await scope(["-n", own.name, "logs", ...args]);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
    });
  }
  await t.step("an empty namespace", async () => {
    await using empty = await TestNamespace.make();
    const { code, stderr } = await scope(["-n", empty.name, "logs", "-a"]);
    assert.equal(code, 68);
    assert.match(stderr, /^error: Cannot find a pod in namespace/);
  });
  await t.step("a target of the environment is set aside by one on the command line", async () => {
    await own.pod("talks", once("echo here"));
    const { stdout } = await scope(["-n", own.name, "logs", "talks"], { env: { SCOPE_POD: "nope" } });
    assert.equal(stdout, "here\n");
  });
});

Deno.test("logs needs get, list and watch pods, and get pods/log, and says so", async () => {
  await using own = await TestNamespace.make();
  await own.pod("talks", { command: ["sh", "-c", "echo here; sleep infinity"] });
  const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };
  const log = { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] };
  await using without = await Kubeconfig.ofAccount(own, "without", [pods]);
  const refused = await scope(["-n", own.name, "logs", "talks"], { env: { KUBECONFIG: without.path } });
  assert.equal(refused.code, 77);
  assert.match(refused.stderr, /^error: Cannot read the logs of "talks main": you are not allowed to\n/);
  assert.match(refused.stderr, /^hint: ask for "get pods\/log" in namespace ".*": scope .*rbac logs prints the Role$/m);
  await using enough = await Kubeconfig.ofAccount(own, "enough", [pods, log]);
  const env = { KUBECONFIG: enough.path };
  for (const args of [["talks"], ["-l", "e2e=talks"], ["-a"]]) {
    await using process = startScope(["-n", own.name, "logs", ...args], { env });
    await process.until("stdout", /here\n/);
  }
});

Deno.test("logs ends at once when nobody reads it any more, and waits for a reader that is slow", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("much", { command: ["sh", "-c", "seq 1 200000; while :; do echo more; sleep 0.1; done"] });
  const args = ["-n", own.name, "logs", "much"];
  const shell = (script: string) =>
    outcome("sh", ["-c", script, "sh", ...scopeArgv, ...args], { ...scopeEnv(), PATH: Deno.env.get("PATH")! });
  await t.step("a closed pipe is no failure", async () => {
    const { stdout, stderr } = await shell('{ "$@"; echo "code $?" >&2; } | head -n 2');
    assert.equal(stdout, "1\n2\n");
    assert.match(stderr, /^code 0$/m);
  });
  await t.step("what a slow reader gets is all there", async () => {
    const { stdout } = await shell('"$@" | { sleep 3; head -n 200000; } | cksum');
    assert.equal(stdout, (await outcome("sh", ["-c", "seq 1 200000 | cksum"])).stdout);
  });
});

Deno.test("logs leaves most of a narrow terminal to what was logged", async () => {
  await using own = await TestNamespace.make();
  await own.pod("a-pod-with-a-long-name", once("echo hello"));
  await own.pod("b", once("echo world"));
  await using terminal = await Terminal.run(["-n", own.name, "logs", "-a", "--no-follow"], 20);
  const { code, screen } = await terminal.exit();
  assert.equal(code, 0);
  assert.match(screen, /^a-p…ame | hello$/m);
  assert.match(screen, /^b {8}\| world$/m);
});
