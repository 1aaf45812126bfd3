import assert from "node:assert/strict";
import type { NamespaceKind } from "../../../../src/tool.ts";
import { localArgv } from "../../../../src/manager/server/local_argv.ts";

const all: NamespaceKind[] = ["net", "pid", "uts", "ipc"];
const wanted = {
  pid: Deno.pid,
  namespaces: all,
  files: {},
  argv: ["bash", "--rcfile", "/opt/scope/bashrc"],
};
const here = ["bash", "--rcfile", "/tools/bashrc"];

Deno.test("localArgv() runs the machine's program, and the image's small files from their directory", () => {
  const built = localArgv({ directory: "/tools" }, { ...wanted, pid: undefined, namespaces: [] });
  assert.deepEqual(built, ["/tools/run", ...here]);
  const gdb = ["gdb", "-ex", "source /opt/scope/gdb.py", "x /opt/scope/"];
  const moved = localArgv({ directory: "/tools" }, { ...wanted, pid: undefined, namespaces: [], argv: gdb });
  assert.deepEqual(moved, ["/tools/run", "gdb", "-ex", "source /tools/gdb.py", "x /opt/scope/"]);
});

Deno.test("localArgv() enters the namespaces of the process, as root", () => {
  const built = localArgv({ directory: "/tools" }, wanted);
  assert.deepEqual(built.slice(0, 5), ["nsenter", ...all.map((kind) => `--${kind}=/proc/${Deno.pid}/ns/${kind}`)]);
  assert.deepEqual(built.slice(-4), ["/tools/run", ...here]);
});

Deno.test("localArgv() takes the files that go with the network of the process, and else none", () => {
  const files = { hosts: "/tmp/hosts" };
  assert.ok(localArgv({ directory: "/tools" }, { ...wanted, files }).includes("/tmp/hosts"));
  assert.ok(!localArgv({ directory: "/tools" }, { ...wanted, namespaces: ["uts"], files }).includes("/tmp/hosts"));
});

Deno.test("localArgv() starts each program by what says that it is missing, whatever namespaces it enters", () => {
  for (const namespaces of [[], ["net"], all] satisfies NamespaceKind[][]) {
    const built = localArgv({ directory: "/tools" }, { ...wanted, namespaces });
    assert.deepEqual(built.slice(-4), ["/tools/run", ...here]);
  }
});

Deno.test("localArgv() finds no process that is none", () => {
  const call = (pid: number | undefined) => () => localArgv({ directory: "/tools" }, { ...wanted, pid });
  assert.throws(call(99_999_999), /\[not_found\] there is no process 99999999/);
  assert.throws(call(undefined), /\[not_found\] the pod has no process on this machine/);
});
