import assert from "node:assert/strict";
import { parse } from "../../../../src/app.ts";
import { logs } from "../../../../src/features/logs/command.ts";
import { run } from "../../../../src/features/logs/run.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { LogRequest } from "../../../../src/features/logs/request.ts";
import { worldOf } from "../world.ts";

async function reading(...argv: string[]) {
  const { globals = {}, options = {}, args = [] } = parse(argv, { out() {}, err() {} }) ?? {};
  const { context, did, ports } = worldOf({ globals });
  return { code: await run(context, logs.plan(options, args, context.options), ports.readLogs), did };
}

const plain: LogRequest = { query: {}, all: false, follow: true, previous: false };

const lines: [string[], Partial<LogRequest>][] = [
  [["-p", "web", "logs"], { query: { pod: "web" } }],
  [["logs", "-l", "app=web"], { query: { selector: "app=web" } }],
  [["logs", "-a", "--no-follow"], { all: true, follow: false }],
  [["logs", "web-7c9", "api"], { query: { pod: "web-7c9", container: "api" } }],
  [["logs", "deploy/web", "-c", "api", "-f"], { query: { pod: "deploy/web", container: "api" } }],
  [["--container", "api", "logs", "web"], { query: { pod: "web", container: "api" } }],
  [["logs", "-l", "app=web", "--tail=-1"], { query: { selector: "app=web" }, tail: "all" }],
  [["logs", "web", "--tail", "-1"], { query: { pod: "web" }, tail: "all" }],
  [["logs", "web", "--since", "5m", "--tail", "0"], { query: { pod: "web" }, sinceSeconds: 300, tail: 0 }],
  [["logs", "web", "--grep", "(?i)err"], { query: { pod: "web" }, grep: /err/i }],
  [["logs", "web", "--previous"], { query: { pod: "web" }, previous: true, follow: false }],
  [["logs", "web", "api", "--", "curl", "-s", "--", "x"], {
    query: { pod: "web", container: "api" },
    command: ["curl", "-s", "--", "x"],
  }],
  [["logs", "-l", "app=web", "--tail", "5", "--", "curl", "-v"], {
    query: { selector: "app=web" },
    tail: 5,
    command: ["curl", "-v"],
  }],
  // The syntax of kdiag.
  [["-l", "app=nginx", "logs", "curl", "http://x"], {
    query: { selector: "app=nginx" },
    command: ["curl", "http://x"],
  }],
];

for (const [argv, differs] of lines) {
  Deno.test(`logs of scope ${argv.join(" ")} asks for just that`, async () => {
    const { did } = await reading(...argv);
    assert.deepEqual(did.logged, [{ ...plain, ...differs }]);
    assert.deepEqual(did.shows, ["text"]);
  });
}

Deno.test("logs with --timestamps shows times", async () => {
  assert.deepEqual((await reading("logs", "web", "--timestamps")).did.shows, ["times"]);
});

const wrong: [string[], RegExp][] = [
  [["logs", "web", "--tail", "-2"], /Option --tail cannot be "-2"/],
  [["logs", "web", "--since", "x"], /Option --since cannot be "x"/],
  [["logs", "web", "--"], /No command specified/],
  [["logs", "-a", "-l", "a=b"], /Option --all excludes/],
  [["logs", "-a", "web", "--", "ls"], /Command "logs" cannot take "web"/],
  [["logs", "a", "b", "c"], /Command "logs" cannot take "c"/],
  [["logs", "a", "b", "-c", "d"], /exclude each other/],
  [["logs", "a", "--previous", "--", "ls"], /--previous cannot be given with a command/],
];

for (const [argv, message] of wrong) {
  Deno.test(`logs refuses scope ${argv.join(" ")}`, async () => {
    await assert.rejects(reading(...argv), (error) => {
      assert.ok(error instanceof ScopeError && error.kind === "usage" && error.hint !== undefined);
      assert.match(error.message, message);
      return true;
    });
  });
}

for (const [shown, expected] of [[0, 7], [1, 7], [130, 130]] as const) {
  Deno.test(`logs ends with the command's exit code, unless ${shown} says more`, async () => {
    const ended = { type: "command.ended", time: "", exitCode: 7 } as const;
    const { context, ports } = worldOf({ globals: { pod: "web" }, debugPods: [ended], shown });
    const plan = logs.plan({ follow: true }, ["ls"], context.options);
    assert.equal(await run(context, plan, ports.readLogs), expected);
  });
}
