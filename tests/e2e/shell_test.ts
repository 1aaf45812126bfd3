import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { until } from "../cluster/wait.ts";
import { demoPods, isRunning, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { describe, pipeExecs, runProcesses } from "./node_processes.ts";
import { scope, scopeOk, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";
import { overWays, workloads } from "./ways.ts";

const beside = (app: string, ...command: string[]) => ["-n", "demo", "-p", app, "shell", ...command];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Command line of a workload's pid 1, if it is not httpd. */
const firstProcesses: Readonly<Record<string, RegExp>> = {
  ...{ api: /^\/agnhost netexec /, agent: /^sleep infinity$/, shared: /^\/pause$/ },
};

/** Counts the packets of a capture in libpcap's classic format; fails when it is truncated or has trailing bytes. */
function packets(pcap: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  assert.equal(view.getUint32(0, true), 0xa1b2c3d4);
  let count = 0, at = 24;
  while (at < pcap.length) {
    const length = view.getUint32(at + 8, true);
    assert.ok(length > 0 && length <= view.getUint32(at + 12, true));
    at += 16 + length;
    count += 1;
  }
  assert.equal(at, pcap.length);
  return count;
}

overWays("shell COMMAND", async (t, way) => {
  await using own = await TestNamespace.make();
  /** Returns arguments to use the test's own namespace, through the debug pods of demo. */
  const into = (pod: string, ...args: string[]) => ["-n", own.name, "--debug-namespace", "demo", "-p", pod, ...args];

  await t.step("runs in the target's network, with stdout and stderr apart and its exit code", async () => {
    const [web] = await demoPods("web");
    await scopeOk("-n", "demo", "-p", web!.metadata.name, "shell", "true"); // prints the one-time notices now
    const script = 'hostname; ip -oneline address show eth0; echo "to stderr" >&2; exit 42';
    const { code, stdout, stderr } = await scope(["-n", "demo", "-p", web!.metadata.name, "shell", "sh", "-c", script]);
    assert.equal(code, 42);
    assert.equal(stderr, "to stderr\n");
    assert.equal(stdout.split("\n")[0], web!.metadata.name);
    for (const { ip } of web!.status.podIPs!) assert.ok(stdout.includes(` ${ip}/`), stdout);
  });

  for (const app of workloads) {
    await t.step(`beside ${app}: its name and addresses, its first process, and the exit code`, async () => {
      const [{ metadata, spec, status }] = await demoPods(app) as [Pod];
      const script = "hostname; ps -o args= -p 1; ip -oneline address; exit 7";
      const { code, stdout, stderr } = await scope(["-n", "demo", "-p", metadata.name, "shell", "sh", "-c", script]);
      assert.equal(code, 7, stderr);
      const [name, first] = stdout.split("\n");
      assert.equal(name, spec["hostNetwork"] ? spec.nodeName : metadata.name);
      assert.match(first!, firstProcesses[app] ?? /^httpd -f /);
      for (const { ip } of status.podIPs!) assert.ok(stdout.includes(` ${ip}/`), stdout);
    });
  }

  await t.step("options after the command are the command's", async () => {
    assert.equal(await scopeOk(...beside("web", "echo", "-n", "-p", "--help", "-t")), "-p --help -t");
    assert.match(await scopeOk(...beside("web", "ip", "-o", "link")), /^\d+: lo:/m);
  });

  await t.step("a program that is not there: 127, as in a shell", async () => {
    const { code, stdout, stderr } = await scope(beside("web", "no-such-program"));
    assert.deepEqual({ code, stdout }, { code: 127, stdout: "" });
    assert.match(stderr, /no-such-program/);
  });

  await t.step("a program that dies of a signal: 128 and its number", async () => {
    for (const [name, number] of [["TERM", 15], ["KILL", 9], ["ABRT", 6]] as const) {
      assert.equal((await scope(beside("web", "sh", "-c", `kill -${name} $$`))).code, 128 + number, name);
    }
  });

  await t.step("stdin arrives byte by byte, and stdout as well", async () => {
    const bytes = new Uint8Array(5_000_000);
    for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    const hashed = await scope(beside("web", "sha256sum"), { stdin: bytes });
    assert.deepEqual({ code: hashed.code, stdout: hashed.stdout }, { code: 0, stdout: `${sha256(bytes)}  -\n` });
    const echoed = await scope(beside("web", "cat"), { stdin: bytes });
    assert.deepEqual([echoed.code, echoed.bytes.length, sha256(echoed.bytes)], [0, bytes.length, sha256(bytes)]);
  });

  await t.step(
    "much output arrives byte by byte, past the manager, and what reads it there ends with scope",
    async () => {
      const { code, bytes, stderr } = await scope(beside("web", "sh", "-c", "seq 1 5000000; echo said >&2; exit 7"));
      assert.equal(code, 7, stderr);
      assert.match(stderr, /^said$/m);
      const { stdout } = await new Deno.Command("seq", { args: ["1", "5000000"] }).output();
      assert.equal(sha256(bytes), sha256(stdout));
      assert.deepEqual(describe(pipeExecs()), []);

      const slowly = "head -c 12000000 /dev/zero; while sleep 0.05; do echo more; done";
      for (const signal of ["SIGINT", "SIGKILL"] as const) {
        await using run = startScope(beside("web", "sh", "-c", slowly));
        await until("the output to be read past the manager", 20, () => Promise.resolve(pipeExecs().length > 0));
        run.signal(signal);
        await until("its reader to end", 6, () => Promise.resolve(runProcesses().length === 0));
      }
    },
  );

  await t.step("a command that does not read its stdin ends all the same", async () => {
    assert.equal((await scope(beside("web", "true"), { stdin: new Uint8Array(1_000_000) })).code, 0);
  });

  await t.step("tcpdump -U -w - is byte-exact", async () => {
    const [api] = await demoPods("api");
    const copy = `/tmp/${crypto.randomUUID()}`;
    const filter = `icmp and host ${api!.status.podIP}`;
    const tee = `tcpdump -i any -U -w - -c 400 ${filter} | tee ${copy}; sha256sum ${copy} >&2; rm ${copy}`;
    await using dump = startScope(beside("web", "sh", "-c", tee));
    await dump.until("stderr", /listening on any/);
    await scopeOk("-n", "demo", "-p", "web", "ping", "-d", "api", "-c", "200", "-i", "0.01");
    assert.equal(await dump.exit(), 0);
    assert.equal(packets(dump.bytes), 400);
    assert.ok(dump.stderr.includes(`${sha256(dump.bytes)}  ${copy}\n`), dump.stderr);
  });

  await t.step("SIGINT reaches the tool, which finishes what it writes", async () => {
    const [api] = await demoPods("api");
    await using dump = startScope(
      beside("web", "tcpdump", "-i", "any", "--immediate-mode", "-w", "-", "icmp", "and", "host", api!.status.podIP!),
    );
    await dump.until("stderr", /listening on any/);
    await scopeOk("-n", "demo", "-p", "web", "ping", "-d", "api", "-c", "10", "-i", "0.01");
    dump.signal("SIGINT");
    assert.equal(await dump.exit(5), 0);
    assert.match(dump.stderr, /^20 packets captured$/m);
    assert.equal(packets(dump.bytes), 20);
    await until("tcpdump to end", 5, () => runProcesses().length === 0);
  });

  await t.step("a command that ignores SIGINT ends with the second one", async () => {
    const script = "trap 'echo caught' INT; trap '' TERM HUP; echo ready; while :; do sleep 0.1; done";
    await using stubborn = startScope(beside("web", "sh", "-c", script));
    await stubborn.until("stdout", /ready/);
    stubborn.signal("SIGINT");
    await stubborn.until("stdout", /caught/);
    stubborn.signal("SIGINT");
    assert.equal(await stubborn.exit(5), 130);
    await until("it to be killed on the node", 6, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });

  await t.step("the tool resolves names as the target does", async () => {
    const [dns] = await demoPods("dns");
    const read = (file: string) => kubectl(["-n", "demo", "exec", dns!.metadata.name, "--", "cat", file]);
    for (const file of ["/etc/resolv.conf", "/etc/hosts"]) {
      assert.equal(await scopeOk(...beside("dns", "cat", file)), await read(file), file);
    }
    assert.match(await scopeOk(...beside("dns", "getent", "ahosts", "alias.example")), /^192\.0\.2\.80 /m);
  });

  await t.step("the tool sees the target's processes, and its files in /proc/1/root", async () => {
    const [web] = await demoPods("web");
    const ps = await scopeOk(...beside("web", "ps", "-o", "pid,args", "-p", "1"));
    assert.match(ps, /^ *1 httpd -f -v -p 8080/m);
    assert.equal(await scopeOk(...beside("web", "cat", "/proc/1/root/srv/index.html")), `${web!.metadata.name}\n`);
  });

  await t.step("with a shared pid namespace, too, where pid 1 is the sandbox", async () => {
    const ps = await scopeOk(...beside("shared", "ps", "-eo", "pid,args"));
    assert.match(ps, /^ *1 \/pause$/m);
    assert.match(ps, /^ *\d+ httpd -f -p 8080 -h \/tmp$/m);
    assert.match(ps, /^ *\d+ sleep infinity$/m);
  });

  await t.step("-t chooses the container whose processes are seen", async () => {
    const first = async (...options: string[]) => {
      return (await scopeOk("-n", "demo", "-p", "pair", "shell", ...options, "ps", "-o", "args=", "-p", "1")).trim();
    };
    assert.match(await first(), /^httpd /);
    assert.match(await first("-t", "front"), /^httpd /);
    assert.match(await first("-t", "back"), /^\/agnhost /);
    assert.match(await first("--container", "back"), /^\/agnhost /);
  });

  await t.step("an image without a shell has one beside it", async () => {
    const stdout = await scopeOk(...beside("api", "curl", "-s", "http://localhost:8080/hostname"));
    assert.equal(stdout, (await demoPods("api"))[0]!.metadata.name);
  });

  await t.step("a pod whose container crashes still has its network, where one can be beside it", async () => {
    const pod = await own.pod("crashing", {
      command: ["false"],
      until: (pod) => !isRunning(pod) && pod.status.containerStatuses?.[0]?.lastState?.["terminated"] !== undefined,
    });
    const args = into("crashing", "shell", "ip", "-oneline", "address");
    if (!way.withoutContainer) {
      const { code, stderr } = await scope(args);
      assert.equal(code, 69);
      const error =
        `error: Container "main" of pod "${own.name}/crashing" does not run \\((Error|CrashLoopBackOff)\\)\n`;
      const hint = "hint: an ephemeral container shares its processes; --via node still reaches the pod's network\n";
      return assert.match(stderr, new RegExp(`^${error}${hint}$`));
    }
    const stdout = await scopeOk(...args);
    assert.ok(stdout.includes(` ${pod.status.podIP}/`), stdout);
  });

  await t.step("what runs is the image's program, never the target's", async () => {
    const script = "echo '#!/bin/sh\necho stolen' >/bin/ip; chmod +x /bin/ip; exec sleep infinity";
    await own.pod("hostile", { command: ["sh", "-c", script] });
    assert.match(await scopeOk(...into("hostile", "shell", "ip", "-V")), /^ip utility/);
  });
});

overWays("shell in a terminal", async (t) => {
  await t.step("knows its size and follows it; keys arrive; the exit code comes back", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "shell"], 100, 30);
    await terminal.until(/[$#] *$/m);
    await terminal.type("stty size", "Enter");
    await terminal.until(/^30 100$/m);
    await terminal.resize(120, 40);
    await until("the new size to arrive", 10, async () => {
      await terminal.type("clear; stty size", "Enter");
      return /^40 120$/m.test(await terminal.screen());
    }, { every: 300 });
    await terminal.type("clear; sleep 1000", "Enter");
    await until("sleep to run", 5, () => runProcesses().some(({ argv }) => argv.join(" ") === "sleep 1000"));
    await terminal.type("", "C-c");
    await terminal.type("echo code=$?", "Enter");
    await terminal.until(/^code=130$/m);
    await terminal.type("exit 7", "Enter");
    assert.equal((await terminal.exit(5)).code, 7);
    await until("the shell to end", 5, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });

  await t.step("has job control", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "shell"]);
    await terminal.until(/[$#] *$/m);
    await terminal.type("sleep 1000", "Enter");
    await until("sleep to run", 5, () => runProcesses().some(({ argv }) => argv.join(" ") === "sleep 1000"));
    await terminal.type("", "C-z");
    await terminal.until(/Stopped +sleep 1000/);
    await terminal.type("clear; fg", "Enter");
    await terminal.until(/^sleep 1000$/m);
    await terminal.type("", "C-c");
    await terminal.type("echo code=$?", "Enter");
    await terminal.until(/^code=130$/m);
    await terminal.type("", "C-d");
    assert.equal((await terminal.exit(8)).code, 0);
  });

  await t.step("a command gets the terminal, too", async () => {
    await using terminal = await Terminal.run(["-n", "demo", "-p", "web", "shell", "sh", "-c", "tty; stty size"]);
    const { code, screen } = await terminal.exit();
    assert.equal(code, 0);
    assert.match(screen, /^\/dev\/pts\/\d+\n24 80$/m);
  });
});
