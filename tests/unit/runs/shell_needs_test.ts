import assert from "node:assert/strict";
import { shellNeeds } from "../../../src/runs/shell_needs.ts";

const ordinary = { files: "wanted" };

Deno.test("shellNeeds() wants the target's files where nothing else is known", () => {
  for (const argv of [[], ["bash"], ["ip", "address"], ["ss", "-tnp"], ["cat", "tcpdump"], ["constructor"]]) {
    assert.deepEqual(shellNeeds(argv), ordinary, argv.join(" "));
  }
});

Deno.test("shellNeeds() looks up the program, with or without its path", () => {
  for (const name of ["tcpdump", "dumpcap", "fping", "hping3", "/usr/bin/tcpdump"]) {
    assert.deepEqual(shellNeeds([name, "-n"]), { capabilities: ["NET_RAW"] }, name);
  }
  for (const name of ["strace", "gdb"]) assert.deepEqual(shellNeeds([name, "-p", "1"]), { files: true }, name);
  for (const name of ["nft", "conntrack", "tc", "iptables", "ip6tables", "iptables-save", "iptables-nft-restore"]) {
    assert.deepEqual(shellNeeds([name]), { wanted: ["NET_ADMIN"] }, name);
  }
  assert.deepEqual(shellNeeds(["ping", "::1"]), { wanted: ["NET_RAW"] });
});

Deno.test("shellNeeds() searches scripts and the arguments of programs that run others", () => {
  const capture = { capabilities: ["NET_RAW"] };
  assert.deepEqual(shellNeeds(["sh", "-c", "x=$(tcpdump -c1) | tee a"]), capture);
  assert.deepEqual(shellNeeds(["timeout", "5", "tcpdump", "-i", "any"]), capture);
  assert.deepEqual(shellNeeds(["/bin/bash", "-c", "cd /tmp;/usr/bin/dumpcap -i any"]), capture);
  assert.deepEqual(shellNeeds(["sh", "-c", "echo hello"]), ordinary);
});

Deno.test("shellNeeds() joins the needs of several programs", () => {
  const script = "tcpdump & ping -c1 ::1; nft list ruleset; strace -p 1";
  assert.deepEqual(shellNeeds(["sh", "-c", script]), { capabilities: ["NET_RAW"], wanted: ["NET_ADMIN"], files: true });
});
