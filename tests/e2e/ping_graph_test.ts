import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { describe, runProcesses } from "./node_processes.ts";
import { scope } from "./scope.ts";
import { Terminal } from "./terminal.ts";
import { overWays } from "./ways.ts";

const all = ["-n", "demo", "-p", "web", "ping", "-a", "-g"];
const left = () => describe(runProcesses()).join("\n");

overWays("ping -g in a terminal", async (t) => {
  await t.step("draws all pods on the alternate screen, and q ends it with the summary and 0", async () => {
    await using terminal = await Terminal.run(all);
    const screen = await terminal.until(/ping {2}\d+ targets .* ok .* 2 skipped[^]*● host +node[12]/);
    assert.match(screen, /● api-/);
    assert.match(screen, /q quit/);
    assert.deepEqual(await terminal.modes(), { alternate: true, cursor: false, wrap: false });
    await terminal.type("q");
    const { code, screen: after } = await terminal.exit();
    assert.equal(code, 0);
    assert.match(after, /demo\/web-\S+ .* ok$/m);
    await until("the tool to end", 5, () => runProcesses().length === 0, { missing: left });
  });
});

Deno.test("ping -g", async (t) => {
  await t.step("Ctrl-C ends it with the summary and 130", async () => {
    await using terminal = await Terminal.run(all);
    await terminal.until(/● host/);
    await terminal.type("", "C-c");
    const { code, screen } = await terminal.exit();
    assert.equal(code, 130);
    assert.match(screen, /demo\/web-\S+ .* ok$/m);
    await until("the tool to end", 5, () => runProcesses().length === 0, { missing: left });
  });

  await t.step("follows the window's size, without a line too long", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "ping", "-d", "api", "-g"], 80, 24);
    await terminal.until(/ms/);
    for (const [columns, rows] of [[120, 40], [40, 12], [200, 50]] as const) {
      await terminal.resize(columns, rows);
      await terminal.until(new RegExp(`^ ping .{${columns - 12},${columns}}$`, "m"));
      const screen = (await terminal.until(/q quit/)).trimEnd().split("\n");
      assert.equal(screen.length, rows);
      assert.match(screen.at(-1)!, /q quit/);
    }
    await terminal.type("q");
    assert.equal((await terminal.exit()).code, 0);
  });

  await t.step("the arrow keys choose whose chart is shown", async () => {
    const hosts = ["203.0.113.1", "127.0.0.1"]; // the first never answers, so it is always the worst
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "ping", "-g", ...hosts]);
    await terminal.until(/× 203\.0\.113\.1 [^]*● 127\.0\.0\.1 /);
    for (const [key, host] of [["Home", 0], ["Down", 1], ["Up", 0], ["End", 1]] as const) {
      await terminal.type("", key);
      // The chosen host is marked in the table, and named above the chart.
      await terminal.until(new RegExp(`^ ▸. ${hosts[host]} [^]*^ ${hosts[host]}$`, "m"));
    }
    await terminal.type("q");
    assert.equal((await terminal.exit()).code, 1); // some destinations are lost
  });

  await t.step("-c ends it by itself, with the exit code of a ping", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "ping", "-g", "-c1", "203.0.113.1"]);
    const { code, screen } = await terminal.exit();
    assert.equal(code, 2);
    assert.match(screen, /^203\.0\.113\.1 .* lost$/m);
  });

  await t.step("an error is said after the terminal was given back", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "ping", "-g", "no-such-name.invalid"]);
    const { code, screen } = await terminal.exit();
    assert.equal(code, 68);
    assert.match(screen, /^error: Cannot resolve "no-such-name.invalid" in the target's network$/m);
  });

  await t.step("where stdout is no terminal it is text", async () => {
    const { code, stdout } = await scope([...all, "-c1"]);
    assert.equal(code, 0);
    // deno-lint-ignore no-control-regex -- looks for escape sequences
    assert.doesNotMatch(stdout, /\x1b/);
    assert.match(stdout, /^demo\/host \(.*\): seq=0 rtt=/m);
    assert.match(stdout, /^NAME .* STATUS$/m);
  });
});
