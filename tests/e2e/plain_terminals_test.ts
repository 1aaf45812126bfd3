import assert from "node:assert/strict";
import { demoPods } from "./kube.ts";
import { scope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

const ascii = /^[\n -~]*$/;

Deno.test("a live graph where the locale has ASCII only, and on 20 columns", async () => {
  const [web] = await demoPods("web");
  const args = ["-n", "demo", "-p", web!.metadata.name, "ping", "-g", "-a", "-i0.2"];
  for (const [columns, rows] of [[100, 24], [20, 8]] as const) {
    await using terminal = await Terminal.run(args, columns, rows, { LANG: "C", LC_ALL: "C" });
    const screen = await terminal.until(/NAME/);
    assert.match(screen, ascii);
    assert.ok(screen.split("\n").every((line) => line.length <= columns));
    await terminal.type("q");
    assert.match((await terminal.exit()).screen, ascii);
  }
});

Deno.test("text where the locale has ASCII only: signs are, and JSON stays as it is", async () => {
  const [web] = await demoPods("web");
  const args = ["-n", "demo", "-p", web!.metadata.name];
  const table = await scope([...args, "pids"], { env: { LC_ALL: "C" } });
  assert.equal(table.code, 0);
  assert.match(table.stdout + table.stderr, ascii);
  const json = await scope([...args, "-o", "json", "shell", "printf", "×"], { env: { LC_ALL: "C" } });
  assert.equal(json.stdout, "×", "what a program prints is its own");
});

Deno.test("a dumb terminal and NO_COLOR get no colour", async () => {
  for (const env of [{ TERM: "dumb" }, { NO_COLOR: "1" }]) {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "pids"], 100, 24, env);
    await terminal.exit();
    assert.ok(!(await terminal.screen({ escapes: true })).includes("\x1b["));
  }
});
