import assert from "node:assert/strict";
import {
  parseCommandLine,
  parseListening,
  parsePasswd,
  parseStack,
  parseStat,
  parseStatus,
} from "../../../src/lib/proc.ts";

function captured(name: string): string {
  return Deno.readTextFileSync(new URL(`../../testdata/proc/${name}.txt`, import.meta.url));
}

Deno.test("parseStat() reads a name with blanks and brackets", () => {
  const text = captured("odd.stat");
  const { name, state, parentPid, threads } = parseStat(text);
  assert.deepEqual([name, state, threads], ["a) R 1 (b", "S", 1]);
  assert.equal(parentPid, Number(/\) S (\d+) /.exec(text)?.[1]));
});

Deno.test("parseStat() gives times in milliseconds", () => {
  // Fields 14 and 15 are user and system time, 22 is the start, all in hundredths of a second.
  const fields = captured("odd.stat").trimEnd().split(") ").at(-1)!.split(" ");
  const start = Number(fields[22 - 3]) * 10;
  [fields[14 - 3], fields[15 - 3]] = ["123", "45"];
  const { cpuMs, startMs } = parseStat(`1 (sh) ${fields.join(" ")}\n`);
  assert.deepEqual([cpuMs, startMs], [1680, start]);
  assert.ok(start > 0);
});

Deno.test("parseStat() reads zombies and kernel threads", () => {
  assert.deepEqual([parseStat(captured("zombie.stat")).state, parseStat(captured("zombie.stat")).name], ["Z", "sh"]);
  const { name, parentPid, state } = parseStat(captured("kernel.stat"));
  assert.deepEqual([name, parentPid, state], ["kthreadd", 0, "S"]);
});

Deno.test("parseStatus() reads the pids of all namespaces, from the reader's to the innermost", () => {
  const pid = Number(captured("odd.stat").split(" ")[0]);
  const { namespacePids, residentBytes } = parseStatus(captured("odd.status"));
  assert.deepEqual(namespacePids, [pid, 1]);
  assert.equal(residentBytes, Number(/VmRSS:\s*(\d+) kB/.exec(captured("odd.status"))?.[1]) * 1024);
});

Deno.test("parseStatus() reads the effective user, not the real one", () => {
  assert.match(captured("users.status"), /^Uid:\t1234\t4321\t/m);
  assert.equal(parseStatus(captured("users.status")).uid, 4321);
});

Deno.test("parseStatus() reads what zombies and kernel threads lack as 0", () => {
  for (const name of ["zombie", "kernel"]) assert.equal(parseStatus(captured(`${name}.status`)).residentBytes, 0);
  assert.equal(parseStatus(captured("kernel.status")).uid, 0);
});

Deno.test("parseStatus() is not deceived by the name of a process", () => {
  // The kernel escapes line ends in names, so a name stays on its line.
  const text = captured("odd.status").replace(/^Name:.*$/m, "Name:\tUid:\\n7");
  assert.equal(parseStatus(text).uid, 0);
});

Deno.test("parseCommandLine() joins the arguments by blanks, also empty ones", () => {
  assert.equal(parseCommandLine(captured("arguments.cmdline")), "busybox sh -c sleep 60; : two words  last");
  assert.equal(parseCommandLine(captured("zombie.cmdline")), "");
  assert.equal(parseCommandLine(captured("kernel.cmdline")), "");
  assert.equal(parseCommandLine("nginx: master process\0\0\0"), "nginx: master process");
  assert.equal(parseCommandLine("spamd child     \0"), "spamd child");
});

Deno.test("parseListening() finds the listeners and no connections", () => {
  const inode = (text: string) =>
    /: 0A .*?\s(\d+) \d+ [0-9a-f]{16} /.exec(text.replaceAll(/: (\S+) (\S+) 0A/g, ": 0A"))?.[1];
  const tcp = captured("listening.tcp"), tcp6 = captured("listening.tcp6");
  assert.match(tcp, / 01 /, "there is a connection");
  assert.deepEqual([...parseListening(tcp)], [[inode(tcp), 8080]]);
  assert.deepEqual([...parseListening(tcp6)], [[inode(tcp6), 65535]]);
});

Deno.test("parseListening() finds nothing in an empty table", () => {
  assert.equal(parseListening("").size, 0);
  assert.equal(parseListening(captured("listening.tcp").split("\n")[0]!).size, 0);
});

Deno.test("parsePasswd() takes the first name of a uid, and skips what is no entry", () => {
  const text =
    "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n\n# comment\nbroken\n:x:5:5::/:\napp:x:1000:1000::/:\nx:x:y\nn:x:-1";
  assert.deepEqual([...parsePasswd(text)], [[0, "root"], [1000, "app"]]);
});

Deno.test("parseStatus() reads the effective capabilities", () => {
  assert.equal(parseStatus("CapPrm:\t0000000000000000\nCapEff:\t00000000a80425fb\n").capabilities, 0xa80425fbn);
});

Deno.test("parseStatus() reads who traces a process", () => {
  assert.equal(parseStatus("TracerPid:\t4711\n").tracerPid, 4711);
  assert.equal(parseStatus("TracerPid:\t0\n").tracerPid, 0);
});

Deno.test("parseStack() has the functions of the kernel, without those of every system call", () => {
  assert.deepEqual(parseStack(captured("blocked.stack")), ["kernel_clone", "__do_sys_clone3"]);
  assert.deepEqual(parseStack(""), []);
});
