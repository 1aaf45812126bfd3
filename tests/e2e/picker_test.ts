import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { TestNamespace } from "./kube.ts";
import { scope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

const missing = "error: No pod specified\n" +
  "hint: give -p POD, -p TYPE/NAME or -l LABELS before the command, or set SCOPE_POD\n";

Deno.test("a command without a pod asks which, on a terminal", async (t) => {
  await using own = await TestNamespace.make();
  await Promise.all([
    ...["apple", "banana", "bananasplit"].map((name) => own.pod(name)),
    own.pod("aside", { spec: { nodeSelector: { nobody: "has" } }, until: ({ status }) => status.phase === "Pending" }),
  ]);
  const asking = ["-n", own.name, "--debug-namespace", "demo"];

  await t.step("type, arrow down, Enter: goes on with that pod, says how to give it, and stdin is free", async () => {
    await using terminal = await Terminal.run([...asking, "shell"], 100);
    await terminal.until(new RegExp(`^Which pod of namespace "${own.name}"\\?`, "m"));
    await terminal.until(/^ {2}POD +READY +STATUS +NODE +AGE\n> apple +1\/1 +Running +node\d/m);
    // Pods that do not run come last, and are marked.
    await terminal.until(/bananasplit[^]*^- aside +0\/1 +Pending/m);
    await terminal.type("nana");
    await terminal.until(/AGE\n> banana .*\n {2}bananasplit/);
    await terminal.type("", "Down");
    await terminal.until(/^> bananasplit/m);
    await terminal.type("", "Enter");
    await terminal.until(new RegExp(`^chosen: -n ${own.name} -p bananasplit$`, "m"));
    await terminal.until(/bananasplit:main:\/#/, 60);
    await terminal.type("hostname; exit 3", "Enter");
    const { code, screen } = await terminal.exit();
    assert.equal(code, 3);
    assert.match(screen, /^bananasplit$/m);
    assert.doesNotMatch(screen, /Which pod/);
  });

  await t.step("what does not run cannot be chosen, but copied", async () => {
    await using terminal = await Terminal.run([...asking, "pids"], 100);
    await terminal.until(/^> apple/m);
    await terminal.type("aside");
    await terminal.until(/^- aside/m);
    await terminal.type("", "Enter");
    await terminal.type("x");
    await terminal.until(/asidex[^]*No results found/);
    await terminal.type("", "C-c");
    const { code, screen } = await terminal.exit();
    assert.equal(code, 130);
    assert.match(screen, /^exit=130\s*$/);
    await using copying = await Terminal.run([...asking, "copy"], 100);
    await copying.until(/^ {2}aside +0\/1 +Pending/m);
    await copying.type("", "Escape");
    assert.equal((await copying.exit()).code, 130);
  });

  await t.step("20 columns, and a window that grows", async () => {
    await using terminal = await Terminal.run([...asking, "pids"], 20, 10);
    await terminal.until(/^Pod\?\n {2}POD\n> apple\n {2}banana\n {2}bananasplit\n- aside\n/);
    await terminal.type("ban");
    await terminal.until(/^Pod\? ban\n {2}POD\n> banana\n {2}bananasplit\n+$/);
    await terminal.resize(90, 20);
    await terminal.until(/^Which pod of namespace .*\? ban\n {2}POD +READY.*\n> banana +1\/1/);
    await terminal.type("", "BSpace");
    await terminal.until(/\? ba\n/);
    await terminal.type("", "C-c");
    assert.equal((await terminal.exit()).code, 130);
  });

  await t.step("NO_COLOR", async () => {
    const colored = async (env: Record<string, string>) => {
      await using terminal = await Terminal.run([...asking, "pids"], 100, 24, env);
      await terminal.until(/Enter; Esc to leave/);
      const styled = (await terminal.screen({ escapes: true })).includes("\x1b[");
      await terminal.type("", "C-c");
      await terminal.exit();
      return styled;
    };
    assert.deepEqual([await colored({}), await colored({ NO_COLOR: "1" })], [true, false]);
  });

  await t.step("SIGTERM", async () => {
    await using terminal = await Terminal.run([...asking, "pids"], 100);
    await terminal.until(/^> apple/m);
    const { stdout } = await outcome("pgrep", ["-f", `main\\.js -n ${own.name} --debug-namespace demo pids$`]);
    // The shell that waits for it has the same command line.
    for (const pid of stdout.trim().split("\n").map(Number)) {
      if (Deno.readTextFileSync(`/proc/${pid}/comm`).startsWith("deno")) Deno.kill(pid, "SIGTERM");
    }
    assert.equal((await terminal.exit()).code, 143);
  });

  await t.step("nobody is asked where nobody could answer", async () => {
    const { code, stdout, stderr } = await scope([...asking, "pids"]);
    assert.deepEqual({ code, stdout, stderr }, { code: 64, stdout: "", stderr: missing });
    for (
      const [line, env] of [
        ['"$@"', { TERM: "dumb" }],
        ['"$@"', { CI: "true" }],
        ['"$@" -o json', {}],
        ['"$@" | cat', {}],
        ['"$@" </dev/null', {}],
      ] as const
    ) {
      await using terminal = await Terminal.scopeLine(line, [...asking, "pids"], { columns: 100, rows: 24, env });
      await terminal.until(/^error: No pod specified$/m);
      await terminal.until(/^exit=/m);
    }
  });

  await t.step("where there are no pods, it says so", async () => {
    await using empty = await TestNamespace.make();
    await using terminal = await Terminal.run(["-n", empty.name, "pids"], 100);
    await until("the error", 20, async () => (await terminal.screen()).includes("exit="));
    const { code, screen } = await terminal.exit();
    assert.equal(code, 68);
    assert.match(screen, new RegExp(`^error: There is no pod in namespace "${empty.name}" that runs$`, "m"));
  });
});
