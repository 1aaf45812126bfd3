import assert from "node:assert/strict";
import { auditLine, auditMode } from "../../../src/terminal/audit_words.ts";
import { version } from "../../../src/version.ts";
import { scope } from "../scope.ts";

const record = {
  ...{ time: "2026-01-02T03:04:05.678Z", user: "me@host", command: "ping", exitCode: 0, durationMs: 12, version: "1" },
};

Deno.test("auditLine() is one line of JSON, with arguments only where they are given", () => {
  assert.equal(
    auditLine(record),
    '{"time":"2026-01-02T03:04:05.678Z","user":"me@host","command":"ping","exitCode":0,"durationMs":12,"version":"1"}\n',
  );
  const line = auditLine({ ...record, args: ["a\nb", "c"] });
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.deepEqual(JSON.parse(line).args, ["a\nb", "c"]);
});

Deno.test("auditLine() keeps no more of a long command line than helps", () => {
  const line = auditLine({ ...record, args: ["shell", "x".repeat(100_000), "y"] });
  assert.ok(line.length < 9000);
  assert.match(line, /x…"\]\}\n$/);
});

Deno.test("auditMode() takes a slip as on", () => {
  assert.deepEqual(["off", "args", "", "Off", undefined].map(auditMode), ["off", "args", "on", "on", "on"]);
});

const failure = "error: Cannot read the kubeconfig\n" +
  "hint: ENOENT: no such file or directory, open '/nonexistent/kubeconfig'\n";

/** Runs a test with its own state directory, and with a function that runs scope in it. */
async function inState(
  test: (state: string, run: (...argv: string[]) => Promise<{ code: number; stderr: string }>) => Promise<void>,
): Promise<void> {
  const state = Deno.makeTempDirSync({ prefix: "scope-state-" });
  try {
    await test(state, async (...argv) => {
      const { code, stderr } = await scope(argv, {
        env: { XDG_STATE_HOME: state, SCOPE_AUDIT: "on", USER: "me", LOGNAME: "me" },
      });
      return { code, stderr };
    });
  } finally {
    Deno.removeSync(state, { recursive: true });
  }
}

const linesOf = (state: string) =>
  Deno.readTextFileSync(`${state}/scope/audit.log`).trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("every run leaves one line, in a file that nobody else reads", () =>
  inState(async (state, run) => {
    assert.deepEqual(await run("-n", "shop", "-p", "web", "shell", "secret"), { code: 69, stderr: failure });
    const [{ time, durationMs, user, ...rest }, ...more] = linesOf(state);
    assert.deepEqual(rest, { command: "shell", namespace: "shop", pod: "web", exitCode: 69, version });
    assert.deepEqual(more, []);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(durationMs >= 0);
    assert.equal(user, `me@${Deno.hostname()}`);
    assert.equal(Deno.statSync(`${state}/scope`).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(`${state}/scope/audit.log`).mode! & 0o777, 0o600);
    assert.equal((await run("ping", "--interval", "x", "a")).code, 64);
    assert.deepEqual(linesOf(state).map(({ command, exitCode }) => [command, exitCode]), [["shell", 69], ["ping", 64]]);
  }));

Deno.test("what does nothing leaves none", () =>
  inState(async (state, run) => {
    for (
      const argv of [["--version"], ["--help"], ["ping", "--help"], ["completions", "zsh"], ["complete", "--", ""], []]
    ) {
      await run(...argv);
    }
    assert.deepEqual([...Deno.readDirSync(state)], []);
  }));

Deno.test("$SCOPE_AUDIT asks for the arguments, or for no line", async () => {
  const state = Deno.makeTempDirSync({ prefix: "scope-state-" });
  await scope(["shell", "--", "secret"], { env: { XDG_STATE_HOME: state, SCOPE_AUDIT: "off" } });
  assert.deepEqual([...Deno.readDirSync(state)], []);
  await scope(["shell", "--", "secret"], { env: { XDG_STATE_HOME: state, SCOPE_AUDIT: "args" } });
  assert.deepEqual(linesOf(state)[0].args, ["shell", "--", "secret"]);
  Deno.removeSync(state, { recursive: true });
});

Deno.test("lines of runs at the same time do not mix", () =>
  inState(async (state, run) => {
    await Promise.all(Array.from({ length: 6 }, (_, n) => run("-n", `n${n}`.repeat(200), "list")));
    assert.deepEqual(new Set(linesOf(state).map(({ namespace }) => namespace.slice(0, 2))).size, 6);
  }));

const warning = (state: string, why: string) =>
  `cannot write the audit log "${state}/scope/audit.log": ${why}; SCOPE_AUDIT=off does without\n`;

Deno.test("a log that cannot be written is told once, and changes nothing else", () =>
  inState(async (state, run) => {
    const told = async (why: string) =>
      assert.deepEqual(await run("list"), { code: 69, stderr: failure + warning(state, why) });
    Deno.writeTextFileSync(`${state}/scope`, "");
    await told("File exists (os error 17)");
    Deno.removeSync(`${state}/scope`);
    Deno.mkdirSync(`${state}/scope/audit.log`, { recursive: true });
    await told("it is no ordinary file");
    Deno.removeSync(`${state}/scope/audit.log`);
    Deno.symlinkSync(`${state}/elsewhere`, `${state}/scope/audit.log`);
    await told("it is no ordinary file");
    assert.throws(() => Deno.statSync(`${state}/elsewhere`), Deno.errors.NotFound);
    Deno.removeSync(`${state}/scope/audit.log`);
    await new Deno.Command("mkfifo", { args: [`${state}/scope/audit.log`] }).output();
    await told("it is no ordinary file");
    Deno.removeSync(`${state}/scope/audit.log`);
    Deno.symlinkSync("/dev/full", `${state}/scope/audit.log`);
    await told("it is no ordinary file");
  }));

Deno.test("a directory that others may write is taken from them", () =>
  inState(async (state, run) => {
    Deno.mkdirSync(`${state}/scope`);
    Deno.chmodSync(`${state}/scope`, 0o777);
    Deno.writeTextFileSync(`${state}/scope/audit.log`, "", { mode: 0o666 });
    await run("list");
    assert.equal(Deno.statSync(`${state}/scope`).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(`${state}/scope/audit.log`).mode! & 0o777, 0o600);
  }));

Deno.test("a log of 10 MB is put aside, and one before it is kept", () =>
  inState(async (state, run) => {
    Deno.mkdirSync(`${state}/scope`, { mode: 0o700 });
    Deno.writeTextFileSync(`${state}/scope/audit.log`, `${"x".repeat(9_999_999)}\n`);
    assert.deepEqual(await run("list"), { code: 69, stderr: failure });
    assert.equal(linesOf(state).length, 1);
    assert.equal(Deno.statSync(`${state}/scope/audit.log.1`).size, 10_000_000);
  }));

Deno.test("who has no home has no log, and is not told of it", async () => {
  const home = `/tmp/scope-nobody-${crypto.randomUUID()}`;
  const { code, stderr } = await scope(["list"], { env: { HOME: home, SCOPE_AUDIT: "on" } });
  assert.deepEqual({ code, stderr }, { code: 69, stderr: failure });
  assert.throws(() => Deno.statSync(home), Deno.errors.NotFound);
});
