import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { describe, runProcesses } from "./node_processes.ts";
import { scope, scopeOk } from "./scope.ts";

/** Every program that the image must contain, with arguments that make it print its version or name. */
const programs: Readonly<Record<string, string>> = {
  ping: "-V",
  fping: "--version",
  hping3: "--version",
  strace: "--version",
  gdb: "--version",
  tcpdump: "--version",
  dumpcap: "--version",
  curl: "--version",
  nft: "--version",
  iptables: "--version",
  "iptables-legacy": "--version",
  "ip6tables-legacy": "--version",
  conntrack: "--version",
  ip: "-V",
  ss: "-V",
  iperf3: "--version",
  ps: "--version",
  top: "-V",
  debugfs: "-V",
  socat: "-V",
  busybox: "--help",
  tini: "--version",
  deno: "--version",
};

const shell = ["-n", "demo", "-p", "web", "shell"];

Deno.test("the endoscope image", async (t) => {
  await t.step("has every program, and each runs", async () => {
    const calls = Object.entries(programs).map(([name, argument]) => {
      return `out=$(${name} ${argument} 2>&1 </dev/null); echo "$? ${name} $(echo "$out" | head -n 1)"`;
    });
    const stdout = await scopeOk(...shell, "sh", "-c", calls.join("\n"));
    const lines = stdout.trim().split("\n");
    assert.equal(lines.length, Object.keys(programs).length);
    for (const line of lines) assert.match(line, /^0 \S+ .+/);
  });

  await t.step("ping, fping, hping3 and strace do their work", async () => {
    const works = [
      "ping -c1 -W2 127.0.0.1",
      "fping -c1 127.0.0.1",
      "hping3 --icmp -c 1 127.0.0.1",
      "strace -f -o /dev/null true",
      "gdb --batch -ex 'info functions main' /usr/bin/true",
      "nft list ruleset",
      "iptables -t nat -L -n",
      "iptables-legacy -t nat -L -n",
      "conntrack -L",
    ];
    for (const work of works) {
      const { code, stdout, stderr } = await scope([...shell, "sh", "-c", work]);
      assert.equal(code, 0, `${work}: ${stderr}${stdout}`);
    }
  });

  await t.step("gives no program a file capability", async () => {
    assert.equal(await scopeOk(...shell, "getcap", "-r", "/bin", "/usr", "/opt", "/sbin", "/lib"), "");
  });

  await t.step("has a static busybox", async () => {
    const { stderr, stdout } = await scope([...shell, "ldd", "/bin/busybox"]);
    assert.match(stdout + stderr, /not a dynamic executable|statically linked/);
  });

  await t.step("leaves nothing running", async () => {
    await until("the tools to end", 5, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });
});
