import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { Terminal } from "./terminal.ts";
import { nodeProcesses } from "./node_processes.ts";
import { ended, WarmWorld } from "./warm_world.ts";

const web = ["--via", "node", "-n", "demo", "-p", "web"];

/** Returns the processes on the nodes whose command line has this word. */
function withWord(word: string): number[] {
  return nodeProcesses().filter(({ argv }) => argv.includes(word)).map(({ pid }) => pid);
}

async function untilOnNode(word: string, there: boolean, seconds = 20): Promise<void> {
  await until(
    `"${word}" ${there ? "on" : "gone from"} the node`,
    seconds,
    () => Promise.resolve((withWord(word).length > 0) === there),
  );
}

Deno.test("a waiting process serves one command, ends with it, and starts the next", async () => {
  await using world = await WarmWorld.make();
  assert.deepEqual(await world.waiting(), []);
  const cold = await world.run([...web, "pids"]);
  const first = await world.ready();
  const warm = await world.run([...web, "pids"]);
  assert.deepEqual([warm.code, warm.stdout.split("\n").length], [0, cold.stdout.split("\n").length]);
  await ended(first);
  const second = await world.ready();
  assert.notEqual(second, first);
  await until("a connection to the manager", 20, async () => {
    return /^demo\/scope-node\d-\w+\/scope$/.test((await world.waiting())[0]?.manager ?? "");
  });
  assert.deepEqual((await world.run(["worker", "end"])).stdout, `${second}: ended\n`);
  await ended(second);
  assert.deepEqual([...Deno.readDirSync(world.runtime)], []);
  const none = await world.run(["worker", "list"]);
  assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", "no process waits for a command\n"]);
});

Deno.test("warm commands lose no byte and no exit code", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000)), stdin = new Uint8Array(3_000_000);
  for (let at = 0; at < stdin.length; at += bytes.length) stdin.set(bytes, at);
  for (let turn = 0; turn < 12; turn++) {
    await world.ready();
    const script = `echo out ${turn}; echo err ${turn} >&2; exit ${turn * 20}`;
    const { code, stdout, stderr } = await world.run([...web, "shell", "sh", "-c", script]);
    assert.deepEqual([code, stdout, stderr.split("\n").at(-2)], [turn * 20, `out ${turn}\n`, `err ${turn}`]);
  }
  await world.ready();
  const copied = await world.run([...web, "shell", "cat"], { stdin });
  assert.ok(
    copied.code === 0 && copied.bytes.length === stdin.length && copied.bytes.every((byte, at) => byte === stdin[at]),
  );
  await world.ready();
  await world.line('"$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null', [
    ...web,
    "shell",
    "sh",
    "-c",
    "seq 100000; echo e >&2",
  ]);
  assert.equal(Deno.readTextFileSync(`${world.home}/out`).length, 588895);
  assert.match(Deno.readTextFileSync(`${world.home}/err`), /\ne\n$/);
});

Deno.test("what a command does not read from standard input stays for others", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready();
  const { stdout } = await world.line('printf "a\\nb\\n" | { "$@" >/dev/null; cat; }', [...web, "pids"]);
  assert.equal(stdout, "a\nb\n");
  await ended(worker);
});

Deno.test("directory, variables and the mask of new files are the command's own", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const copy = [...web, "cp", ":/etc/hostname"],
    mode = (name: string) => Deno.statSync(`${world.home}/${name}`).mode! & 0o777;
  // The second is done cold, as the worker has the mask of the first.
  for (const [name, mask] of [["one", "022"], ["two", "077"], ["three", "077"]] as const) {
    const worker = await world.ready();
    assert.equal((await world.line(`cd "$TMPDIR" && umask ${mask} && "$@" ${name}`, copy)).code, 0);
    await ended(worker);
  }
  assert.deepEqual([mode("one"), mode("two"), mode("three")], [0o644, 0o600, 0o600]);
  await world.ready();
  const { stdout } = await world.line('SCOPE_OUTPUT=json "$@"', [...web, "pids"]);
  assert.equal(JSON.parse(stdout.split("\n")[0]!).type, "pids.process");
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} ends a warm command, its worker and its tool`, async () => {
    await using world = await WarmWorld.make();
    await world.run([...web, "launch"]);
    const worker = await world.ready(), word = `${30_000 + code}`;
    await using process = world.start([...web, "shell", "sleep", word]);
    await untilOnNode(word, true);
    process.signal(signal);
    assert.equal(await process.exit(), code);
    await ended(worker);
    await untilOnNode(word, false);
  });
}

Deno.test("SIGKILL of a program ends its worker and its tool", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready();
  await using process = world.start([...web, "shell", "sleep", "30901"]);
  await untilOnNode("30901", true);
  process.signal("SIGKILL");
  await ended(worker);
  await untilOnNode("30901", false);
});

Deno.test("a program that is stopped stops its worker, which goes on with it, and ends with it", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready(),
    state = () => /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${worker}/status`))?.[1];
  await using process = world.start([...web, "ping", "-c0", "-i0.1", "127.0.0.1"]);
  await process.until("stdout", /seq=3 /);
  for (let turn = 0; turn < 2; turn++) {
    process.signal("SIGSTOP");
    await until("the worker to stop", 5, () => Promise.resolve(state() === "T"));
    const before = process.stdout.length;
    process.signal("SIGCONT");
    await until("the worker to go on", 5, () => Promise.resolve(process.stdout.length > before));
  }
  process.signal("SIGSTOP");
  await until("the worker to stop", 5, () => Promise.resolve(state() === "T"));
  process.signal("SIGKILL");
  await ended(worker);
});

Deno.test("a worker that is killed ends its command with one line", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready();
  await using process = world.start([...web, "ping", "-c0", "-i0.1", "127.0.0.1"]);
  await process.until("stdout", /seq=3 /);
  Deno.kill(worker, "SIGKILL");
  assert.equal(await process.exit(), 69);
  assert.equal(
    process.stderr.split("\n").slice(-3).join("\n"),
    `error: The process that worked for this command (pid ${worker}) has ended\n` +
      "hint: it was killed, or has crashed; SCOPE_WARM=off does without it\n",
  );
});

Deno.test("a worker that was killed while it waited is replaced", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  const worker = await world.ready();
  Deno.kill(worker, "SIGKILL");
  await ended(worker);
  assert.equal((await world.run(["list"])).code, 0);
  assert.notEqual(await world.ready(), worker);
});

Deno.test("a waiting worker that is stopped holds nobody up", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  const worker = await world.ready();
  Deno.kill(worker, "SIGSTOP");
  try {
    const { code, seconds } = await world.run(["list"]);
    assert.equal(code, 0);
    assert.ok(seconds < 10, `${seconds} s`);
  } finally {
    Deno.kill(worker, "SIGCONT");
  }
  await world.ready();
});

Deno.test("a worker ends when its program was replaced, or its directory is gone", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  const replaced = await world.ready();
  await Deno.utime(`${world.home}/cli/main.js`, new Date(), new Date());
  await ended(replaced, 15);
  await world.run(["list"]);
  const gone = await world.ready();
  await Deno.remove(`${world.runtime}/scope`, { recursive: true });
  await ended(gone, 15);
});

Deno.test("a runtime directory that others may enter is not used", async () => {
  await using world = await WarmWorld.make();
  await Deno.mkdir(`${world.runtime}/scope`);
  for (const change of [["chmod", "0755"], ["chown", "12345"]]) {
    await outcomeOf(change[0]!, change[1]!, `${world.runtime}/scope`);
    assert.equal((await world.run(["list"])).code, 0);
    assert.deepEqual([...Deno.readDirSync(`${world.runtime}/scope`)], []);
    const { code, stderr } = await world.run(["worker", "list"]);
    assert.equal(code, 77);
    assert.match(
      stderr,
      /^error: Cannot look for waiting processes\nhint: .*\/scope is not a directory of this user alone$/m,
    );
    await outcomeOf("chmod", "0700", `${world.runtime}/scope`);
  }
  await outcomeOf("chown", "0", `${world.runtime}/scope`);
});

Deno.test("there is no worker where none is wanted, or no directory for it", async () => {
  for (
    const env of [{ SCOPE_WARM: "off" }, { CI: "true" }, { XDG_RUNTIME_DIR: "/nonexistent", TMPDIR: "/nonexistent" }]
  ) {
    await using world = await WarmWorld.make(env);
    assert.equal((await world.run(["list"])).code, 0);
    assert.deepEqual([...Deno.readDirSync(world.runtime)], []);
  }
});

Deno.test("a worker of another network is not used", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  const worker = await world.ready();
  assert.equal((await world.line('unshare --net "$@" --timeout 2', ["list"])).code, 69);
  assert.equal(await world.ready(), worker);
});

Deno.test("forty commands at once are all answered, and one worker is left", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  await world.ready();
  const all = await Promise.all(Array.from({ length: 40 }, () => world.run(["completions", "csh"])));
  assert.deepEqual([...new Set(all.map(({ code, stderr }) => `${code} ${stderr.split("\n")[0]}`))], [
    '64 error: Command "completions" cannot be for "csh"',
  ]);
  await until("one worker", 20, async () => (await world.waiting()).length === 1);
});

Deno.test("a command that needs the user's own process is handed back", async () => {
  await using world = await WarmWorld.make();
  await world.run(["list"]);
  const worker = await world.ready();
  const { code, stdout } = await world.run(["-n", "demo", "-p", "web", "logs", "--", "sh", "-c", "cat; echo own"], {
    stdin: new TextEncoder().encode("read\n"),
  });
  assert.equal(code, 0);
  assert.match(stdout, /read\nown\n/);
  await ended(worker);
});

async function outcomeOf(...argv: string[]): Promise<void> {
  const { success } = await new Deno.Command(argv[0]!, { args: argv.slice(1) }).output();
  assert.ok(success, argv.join(" "));
}

Deno.test("Ctrl-Z stops a warm command with its output, and fg continues it; Ctrl-C ends it", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready();
  const shell = ["bash", "--norc", "-i"], more = { SCOPE: [...world.argv, ...web].join(" "), PS1: "$ ", TERM: "xterm" };
  await using terminal = await Terminal.open(["env", "-i", ...world.variables(more), ...shell], {
    columns: 100,
    rows: 50,
    env: {},
  });
  await terminal.type("$SCOPE ping -c0 -i0.2 127.0.0.1", "Enter");
  await terminal.until(/seq=3 /);
  await terminal.type("", "C-z");
  const stopped = await terminal.until(/Stopped/);
  await terminal.type("echo still here", "Enter");
  await terminal.until(/^still here$/m);
  const last = (screen: string) => Math.max(...[...screen.matchAll(/seq=(\d+) /g)].map(([, seq]) => Number(seq)));
  assert.equal(last(await terminal.screen()), last(stopped));
  await terminal.type("fg", "Enter");
  await terminal.until(new RegExp(`seq=${last(stopped) + 3} `));
  await terminal.type("", "C-c");
  await terminal.type("echo exit=$?", "Enter");
  await terminal.until(/^exit=130$/m);
  await ended(worker);
});

Deno.test("a terminal that is closed ends the worker that works on it", async () => {
  await using world = await WarmWorld.make();
  await world.run([...web, "launch"]);
  const worker = await world.ready();
  {
    const shell = ["env", "-i", ...world.variables({ TERM: "xterm" }), ...world.argv, ...web, "shell"];
    await using terminal = await Terminal.open(shell, { columns: 80, rows: 24, env: {} });
    await terminal.type("sleep 30902", "Enter");
    await untilOnNode("30902", true);
  }
  await ended(worker);
  await untilOnNode("30902", false);
});
