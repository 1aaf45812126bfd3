import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { debugPods, demoPods, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { childrenOf, describe, firstProcesses, fpings, nodeProcesses, runProcesses } from "./node_processes.ts";
import { outcome } from "./cluster_script.ts";
import { scope, scopeArgv, scopeEnv, scopeOk, startScope } from "./scope.ts";
import { SlowNetwork } from "./slow_network.ts";
import { Terminal } from "./terminal.ts";
import { overWays, workloads } from "./ways.ts";

const left = () => describe(runProcesses()).join("\n");

/** Waits until no process that scope started runs on the nodes. */
async function untilNothingRuns(seconds: number): Promise<void> {
  await until("what scope started to end", seconds, () => runProcesses().length === 0, { missing: left });
}

const pingAll = ["-n", "demo", "-p", "web", "ping", "-c0", "-a"];

overWays("what scope started ends with it", async (t) => {
  await scopeOk("-n", "demo", "-p", "web", "ping", "-c1", "127.0.0.1"); // warms up everything for the steps below
  await untilNothingRuns(5);

  await t.step("SIGKILL during ping -c0 -a: nothing on the node within 5 s", async () => {
    await using ping = startScope(pingAll);
    await ping.until("stdout", /seq=1 /);
    assert.equal(fpings().length, 1);
    ping.signal("SIGKILL");
    await untilNothingRuns(5);
  });

  await t.step("SIGSTOP: nothing on the node within 9 s, and thawed it says that it lost the connection", async () => {
    await using ping = startScope(pingAll);
    await ping.until("stdout", /seq=1 /);
    ping.signal("SIGSTOP");
    assert.equal(fpings().length, 1);
    await untilNothingRuns(9);
    ping.signal("SIGCONT");
    assert.equal(await ping.exit(10), 69);
    assert.match(ping.stderr, /^error: Lost the connection to .*$/m);
  });

  await t.step("the network falls silent: nothing on the node within 9 s, and scope says it, too", async () => {
    await using slowNetwork = await SlowNetwork.open();
    await using ping = startScope(pingAll, slowNetwork.options);
    await ping.until("stdout", /seq=1 /);
    slowNetwork.block();
    await untilNothingRuns(9);
    assert.equal(await ping.exit(25), 69);
    assert.match(ping.stderr, /^error: Lost the connection to .*$/m);
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    await t.step(`${signal} ends it in order, with the summary`, async () => {
      await using ping = startScope(pingAll);
      await ping.until("stdout", /seq=1 /);
      ping.signal(signal);
      assert.equal(await ping.exit(5), signal === "SIGTERM" ? 143 : 129);
      assert.match(ping.stdout, /^NAME .* STATUS$/m);
      await untilNothingRuns(5);
    });
  }

  for (
    const command of ["sleep 8888 &", "setsid nohup sleep 8888 >/dev/null 2>&1 &", "(trap '' TERM HUP; sleep 8888) &"]
  ) {
    await t.step(`a shell that leaves "${command}" behind`, async () => {
      const script = `${command} while ! pgrep -x sleep >/dev/null; do sleep 0.05; done; echo left; exit 3`;
      await using shell = startScope(["-n", "demo", "-p", "web", "shell", "sh", "-c", script]);
      await shell.until("stdout", /^left$/m);
      // Measured from here on: the time to start does not count.
      assert.equal(await shell.exit(5), 3, shell.stderr);
      await untilNothingRuns(5);
      assert.deepEqual(describe(nodeProcesses().filter(({ argv }) => argv.join(" ") === "sleep 8888")), []);
    });
  }

  for (const app of workloads) {
    await t.step(`no orphan of a shell reaches a first process of ${app}`, async () => {
      const [{ metadata }] = await demoPods(app) as [Pod];
      const children = () => firstProcesses(metadata.uid).map((pid) => `${pid}: ${childrenOf(pid).join(" ")}`);
      const before = children();
      assert.ok(before.length > 0);
      const script = "(sleep 8888 & setsid sleep 8888 & nohup sh -c 'sleep 8888 & exit' >/dev/null 2>&1 &); exit 4";
      assert.equal((await scope(["-n", "demo", "-p", metadata.name, "shell", "sh", "-c", script])).code, 4);
      assert.deepEqual(children(), before);
    });
  }

  await t.step("a reader that takes longer than a client may be silent", async () => {
    // A thousand lines a second fill the pipe at once; then nothing is read for more than 4 s.
    const script = '{ "$@"; echo "code $?" >&2; } | { sleep 6; head -c 200000 | wc -c; }';
    const ping = [...scopeArgv, "-n", "demo", "-p", "web", "ping", "-c0", "-a", "-i", "0.01"];
    const { stdout, stderr } = await outcome("sh", ["-c", script, "sh", ...ping], scopeEnv());
    assert.equal(stdout.trim(), "200000");
    assert.match(stderr, /^code 0$/m);
    await untilNothingRuns(5);
  });

  await t.step("a terminal that is closed", async () => {
    {
      await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "shell"]);
      await terminal.until(/[$#] *$/m);
      await terminal.type("setsid nohup sleep 8888 & sleep 8888", "Enter");
      await until("both to run", 5, () => {
        return runProcesses().filter(({ argv }) => argv.join(" ") === "sleep 8888").length === 2;
      }, { missing: left });
    }
    await untilNothingRuns(5);
  });

  await t.step("the pods went on as if nothing had been", async () => {
    for (const app of ["web", "api", "pair", "shared"]) {
      for (const { metadata } of await demoPods(app)) {
        const restarts = await kubectl([
          ...["-n", "demo", "get", "pod", metadata.name],
          ...["-o", "jsonpath={.status.containerStatuses[*].restartCount}"],
        ]);
        assert.match(restarts, /^0( 0)*$/, metadata.name);
      }
    }
  });
});

Deno.test("a debug pod of many", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("target", { spec: { nodeName: "node1" } });
  const args = (...more: string[]) => ["-n", own.name, "-p", "target", ...more];
  const removed = () => scopeOk("-n", own.name, "cleanup", "-p", "all");

  await t.step("two command lines at once, where there is none, share one", async () => {
    const both = await Promise.all([1, 2].map(() => scope(args("shell", "hostname"))));
    for (const { code, stdout, stderr } of both) {
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "target\n" }, stderr);
    }
    assert.equal(both.filter(({ stderr }) => stderr.includes("starting the privileged debug pod")).length, 1);
    assert.equal((await debugPods(own.name)).length, 1);
  });

  await t.step("-t does not remove one that was there", async () => {
    await scopeOk(...args("launch"));
    const [before] = await debugPods(own.name);
    assert.equal((await scope(["-t", ...args("shell", "true")])).code, 0);
    const after = await debugPods(own.name);
    assert.deepEqual(after.map(({ metadata }) => metadata.uid), [before!.metadata.uid]);
    assert.equal(after[0]!.metadata.deletionTimestamp, undefined);
  });

  await t.step("-t removes the one that it made", async () => {
    await removed();
    const { code, stderr } = await scope(["-t", ...args("shell", "hostname")]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /starting the privileged debug pod/);
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("-t removes it after Ctrl-C, too", async () => {
    await removed();
    await using ping = startScope(["-t", ...args("ping", "-c0", "127.0.0.1")]);
    await ping.until("stdout", /seq=1 /, 30);
    ping.signal("SIGINT");
    assert.equal(await ping.exit(15), 130);
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("-t leaves it to others who use it", async () => {
    await removed();
    await using first = startScope(["-t", ...args("ping", "-c0", "127.0.0.1")]);
    await first.until("stdout", /seq=0 /, 30);
    await using second = startScope(args("ping", "-c0", "-i", "0.2", "127.0.0.1"));
    await second.until("stdout", /seq=0 /);
    first.signal("SIGINT");
    assert.equal(await first.exit(10), 130);
    assert.match(first.stderr, /debug pod ".*" on node "node1" stays: others use it/);
    const replies = second.stdout.split("\n").length;
    await second.until("stdout", new RegExp(`seq=${replies + 3} `));
    second.signal("SIGINT");
    assert.equal(await second.exit(), 130);
  });

  await t.step("killed while its debug pod starts, scope leaves one that the next one uses", async () => {
    await removed();
    await using launch = startScope(args("launch"));
    await launch.until("stderr", /starting the privileged debug pod/);
    launch.signal("SIGKILL");
    assert.equal(await scopeOk(...args("shell", "hostname")), "target\n");
    assert.equal((await debugPods(own.name)).length, 1);
  });
});
