import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { scopeArgv, scopeEnv, scopeOk } from "./scope.ts";

const web = ["-n", "demo", "-p", "web"];

/** Runs a shell command line, in which `"$@"` is scope with these arguments. */
async function line(text: string, args: readonly string[]) {
  const found = await outcome("timeout", ["60", "sh", "-c", text, "sh", ...scopeArgv, ...args], scopeEnv());
  assert.doesNotMatch(found.stderr, /^\s+at .*[:(]|this is a bug/m);
  return found;
}

const commands: readonly (readonly string[])[] = [
  ["pids"],
  ["-o", "json", "pids"],
  ["ping", "-a", "-c2", "-i0.2"],
  ["-o", "json", "ping", "-a", "-c2", "-i0.2"],
  ["ping", "-g", "-a", "-c2", "-i0.2"],
  ["shell", "seq", "100000"],
];

for (const command of commands) {
  Deno.test(`scope ${command.join(" ")}: streams that are closed, full, or whose reader goes away`, async () => {
    await scopeOk(...web, "shell", "true");
    const args = [...web, ...command];
    for (const closed of [">&-", "2>&-", "<&-", ">&- 2>&- <&-"]) {
      assert.equal((await line(`"$@" ${closed}`, args)).code, 0, closed);
    }
    for (const reader of ["true", "head -n 1"]) {
      const { stderr } = await line(`{ "$@"; echo "exit=$?" >&2; } | ${reader}`, args);
      assert.match(stderr, /^exit=0$/m, reader);
    }
    const { code, stderr } = await line('"$@" >/dev/full', args);
    assert.equal(code, 69, stderr);
    assert.match(stderr, /^error: Cannot write the output\nhint: No space left on device/m);
  });
}

for (
  const command of [["-o", "json", "ping", "-a", "-c0", "-i0.01"], ["ping", "-a", "-c0", "-i0.01"], ["shell", "yes"]]
) {
  Deno.test(`scope ${command.join(" ")}: Ctrl-C ends it also where nobody reads`, async () => {
    await scopeOk(...web, "shell", "true");
    const [program = "", ...before] = scopeArgv;
    const child = new Deno.Command(program, {
      args: [...before, ...web, ...command],
      ...{ clearEnv: true, env: scopeEnv(), stdin: "null", stdout: "piped", stderr: "null" },
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read(); // scope runs; further output fills the pipe
    const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
    let written = -1, same = 0;
    await until("scope to have written what the pipe takes", 40, () => {
      const now = Number(/^wchar: (\d+)$/m.exec(Deno.readTextFileSync(`/proc/${child.pid}/io`))?.[1]);
      same = now - written < 4096 ? same + 1 : 0; // it still writes keepalives
      written = now;
      return Promise.resolve(same >= 5);
    });
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    clearTimeout(timer);
    await reader.cancel();
  });
}
