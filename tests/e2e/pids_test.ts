import assert from "node:assert/strict";
import { demoPods, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeOk } from "./scope.ts";
import { Terminal } from "./terminal.ts";
import { overWays, workloads } from "./ways.ts";

interface Process {
  readonly container: string;
  readonly pid: number;
  readonly containerPid: number;
  readonly parentPid: number;
  readonly threads: number;
  readonly uid: number;
  readonly user: string;
  readonly state: string;
  readonly cpuMs: number;
  readonly cpuPercent: number;
  readonly residentBytes: number;
  readonly command: string;
  readonly listening: readonly number[];
}

async function pids(app: string, ...more: string[]): Promise<Process[]> {
  return eventsOf(await scopeOk("-n", "demo", "-p", app, ...more, "-o", "json", "pids")) as unknown as Process[];
}

const summary = (processes: readonly Process[]) =>
  processes.map(({ container, user, listening, command }) => ({ container, user, listening, command }));

overWays("pids", async (t, way) => {
  await t.step("has the processes of every container, with user, ports and command", async () => {
    const pair = way.nodePids
      ? await pids("pair")
      : [...await pids("pair"), ...await pids("pair", "--container", "back")];
    assert.deepEqual(summary(pair), [
      { container: "front", user: "root", listening: [8080], command: "httpd -f -p 8080 -h /tmp" },
      {
        ...{ container: "back", user: "0", listening: [9090] }, // that image has no /etc/passwd
        command: "/agnhost netexec --http-port=9090 --udp-port=9091",
      },
    ]);
    assert.deepEqual(summary(await pids("shared")), [
      { container: "server", user: "root", listening: [8080], command: "httpd -f -p 8080 -h /tmp" },
      { container: "idler", user: "root", listening: [], command: "sleep infinity" },
    ]);
    assert.deepEqual(summary(await pids("web")), [
      { container: "web", user: "root", listening: [8080], command: "httpd -f -v -p 8080 -h /srv" },
    ]);
    const [api] = await pids("api");
    assert.deepEqual(summary([api!]), [
      {
        ...{ container: "api", user: "65532", listening: [8080] },
        command: "/agnhost netexec --http-port=8080 --udp-port=8081",
      },
    ]);
    assert.equal(api!.uid, 65532);
  });

  await t.step("its numbers are those of /proc", async () => {
    const [web] = await demoPods("web");
    const [seen] = eventsOf(await scopeOk("-n", "demo", "-p", web!.metadata.name, "-o", "json", "pids"));
    const found = seen as unknown as Process;
    // This machine, which runs the node, has another pid for the same process.
    const process = podProcesses(web!.metadata.uid).find(({ argv }) => argv[0] === "httpd")!;
    const status = Deno.readTextFileSync(`/proc/${process.pid}/status`);
    const value = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)![1]!.split(/\s+/);
    // Pids in the namespaces of the machine, the node and the container.
    const [machine, node, container] = value("NSpid").map(Number);
    assert.equal(machine, process.pid);
    assert.deepEqual([found.pid, found.containerPid], [way.nodePids ? node : container, container]);
    assert.equal(found.threads, Number(value("Threads")[0]));
    assert.equal(found.state, value("State")[0]);
    assert.ok(Math.abs(found.residentBytes - Number(value("VmRSS")[0]) * 1024) < 4 << 20, `${found.residentBytes}`);
    assert.ok(found.cpuMs >= 0 && found.cpuPercent >= 0 && found.cpuPercent < 100);
  });

  await t.step("its container pids and commands are those that ps in the container prints", async () => {
    await using own = await TestNamespace.make();
    await own.pod("tree", { command: ["sh", "-c", "sleep 1001 & sh -c 'sleep 1002; true' & wait"] });
    const ps = await kubectl(["-n", own.name, "exec", "tree", "--", "ps", "-o", "pid,ppid,args"]);
    const inside = ps.trim().split("\n").slice(1).map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line)!.slice(1))
      .filter(([, , args]) => !args!.startsWith("ps "));
    const args = ["-n", own.name, "--debug-namespace", "demo", "-p", "tree", "-o", "json", "pids"];
    const seen = eventsOf(await scopeOk(...args)) as unknown as Process[];
    const byHostPid = new Map(seen.map(({ pid, containerPid }) => [pid, containerPid]));
    assert.deepEqual(
      seen.map(({ containerPid, parentPid, command }) => {
        return [`${containerPid}`, `${byHostPid.get(parentPid) ?? 0}`, command];
      }),
      inside,
    );
    assert.equal(seen.length, 4);
  });

  await t.step("counts the processor time of a process that uses it", async () => {
    await using own = await TestNamespace.make();
    await own.pod("busy", { command: ["sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; sleep 1000"] });
    const args = ["-n", own.name, "--debug-namespace", "demo", "-p", "busy", "-o", "json", "pids"];
    const [busy] = eventsOf(await scopeOk(...args)) as unknown as Process[];
    assert.ok(busy!.cpuMs >= 50, JSON.stringify(busy));
    assert.ok(busy!.cpuPercent > 0);
  });

  await t.step("prints a table whose commands are whole where stdout is no terminal", async () => {
    const lines = (await scopeOk("-n", "demo", "-p", "shared", "pids")).trim().split("\n");
    assert.match(lines[0]!, /^CONTAINER +PID +CPID +PPID +THR +USER +S +CPU% +RSS +PORTS +COMMAND$/);
    assert.match(lines[1]!, /^server +\d+ +\d+ .* root .* 8080 +httpd -f -p 8080 -h \/tmp$/);
    assert.match(lines[2]!, /^idler .* sleep infinity$/);
    assert.equal(lines.length, 3);
  });

  await t.step("says which containers it does not see, and that pids are not the node's", async () => {
    const words = async (app: string, ...more: string[]) =>
      (await scope(["-n", "demo", "-p", app, ...more, "pids"])).stderr.split("\n")
        .filter((line) => line !== "" && !/^using pod |^adding /.test(line));
    const numbers = "the pids are those of the target's own pid namespace; --via node tells the node's";
    const unseen = 'container "back" is not seen from here: give --container back, or --via node for all at once';
    assert.deepEqual(await words("pair"), way.nodePids ? [] : [numbers, unseen]);
    assert.deepEqual(await words("pair", "--container", "back"), way.nodePids ? [] : [numbers]);
    assert.deepEqual(await words("shared"), way.nodePids ? [] : [numbers]);
  });

  for (const app of workloads) {
    await t.step(`finds the first process of ${app}`, async () => {
      const [{ metadata, spec }] = await demoPods(app) as [Pod];
      const [first] = await pids(metadata.name);
      assert.equal(first!.container, spec["containers"][0].name);
      assert.ok(podProcesses(metadata.uid).some(({ argv }) => argv.join(" ") === first!.command), first!.command);
    });
  }

  await t.step("a hostile command line drives no terminal", async () => {
    await using own = await TestNamespace.make();
    await own.pod("hostile", { command: ["sh", "-c", "sleep 1000; true", "\x1b[2J"] });
    const args = ["-n", own.name, "--debug-namespace", "demo", "-p", "hostile", "pids"];
    // deno-lint-ignore no-control-regex -- an escape sequence is expected
    assert.match((await scope(args)).stdout, /true \x1b\[2J$/m, "a pipe gets what was seen");
    await using terminal = await Terminal.run(args, 120);
    await terminal.until(/true \\x1b\[2J$/m);
    assert.equal((await terminal.exit(5)).code, 0);
  });
});
