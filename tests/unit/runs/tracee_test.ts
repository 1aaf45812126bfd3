import assert from "node:assert/strict";
import { blockedHint, blockedText, stuck } from "../../../src/runs/blocked.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { ProcessSeen } from "../../../src/event.ts";
import { findTracee, processText } from "../../../src/runs/tracee.ts";
import { first, targetClientOf } from "../target_client.ts";

const older = { ...first, pid: 5000, started: "2025-12-31T00:00:00.000Z", command: "init" };
const other: ProcessSeen = { ...first, pid: 77, container: "", command: "nginx: master" };

async function take(pid: number | undefined, ...processes: ProcessSeen[]) {
  const said: string[] = [];
  return { process: await findTracee(targetClientOf(processes).client, pid, (text) => said.push(text)), said };
}

async function refused(pid: number | undefined, ...processes: ProcessSeen[]): Promise<[string, string]> {
  try {
    await take(pid, ...processes);
  } catch (error) {
    assert.ok(error instanceof ScopeError);
    return [error.kind, error.message];
  }
  assert.fail("taken");
}

Deno.test("traced() takes the oldest process of the target's container, however pids are counted", async () => {
  const sidecar = { ...older, pid: 1, container: "sidecar", started: "2020-01-01T00:00:00.000Z" };
  const dead = { ...older, pid: 2, state: "Z", started: "2020-01-01T00:00:00.000Z" };
  assert.equal((await take(undefined, sidecar, dead, first, older)).process.pid, 5000);
  const same = { ...older, pid: 4999 };
  assert.equal((await take(undefined, older, same)).process.pid, 4999, "of the same moment, the lower pid");
});

Deno.test("traced() throws if the container does not run", async () => {
  assert.deepEqual(await refused(undefined, { ...first, container: "sidecar" }), [
    "unreachable",
    'Container "app" of pod "shop/web" does not run',
  ]);
});

Deno.test("traced() takes a process of any container of the pod without a notice", async () => {
  const { process, said } = await take(9, { ...first, pid: 9, container: "sidecar" });
  assert.deepEqual([process.pid, said], [9, []]);
});

Deno.test("traced() takes a process of the node that is not the target's, with a notice", async () => {
  assert.deepEqual((await take(77, other)).said, [
    'process 77 (nginx: master) is not of pod "shop/web"; it is on the same node',
  ]);
});

Deno.test("traced() refuses a process that is missing, has ended, or is a kernel thread", async () => {
  assert.deepEqual(await refused(78, other), ["notFound", 'Cannot find process "78" on node "node1"']);
  assert.deepEqual(await refused(9, { ...first, pid: 9, state: "Z", command: "[sh]" }), [
    "notFound",
    'Process "9" ([sh]) has ended, and only waits for its parent',
  ]);
  const kernel = { ...other, pid: 12, parentPid: 2, residentBytes: 0, command: "[kworker/0:1]" };
  assert.deepEqual(await refused(12, kernel), [
    "usage",
    'Process "12" ([kworker/0:1]) is a thread of the kernel, and makes no system calls',
  ]);
});

Deno.test("traced() does not take the node's first process for the target's", async () => {
  assert.deepEqual(await refused(1, { ...other, pid: 1, command: "init" }), [
    "usage",
    'Process "1" (init) is the first of node "node1", and not the target\'s',
  ]);
});

Deno.test("traced() names the tracer of a process that is traced already", async () => {
  const gdb = { ...other, pid: 88, command: "gdb -p 4242" };
  assert.deepEqual(await refused(undefined, { ...first, tracerPid: 88 }, gdb), [
    "denied",
    'Process "4242" (httpd -f) is traced already, by process "88" (gdb -p 4242)',
  ]);
});

Deno.test("processText() shortens a long command line", () => {
  assert.equal(processText({ ...first, command: "x".repeat(100) }), `4242 (${"x".repeat(59)}…)`);
});

const blocked = { thread: 4242, functions: ["kernel_clone", "__do_sys_clone3"], frozen: false, switches: 4 };

Deno.test("blockedText() names the kernel function of a wait, and blockedHint() its callers", () => {
  assert.equal(blockedText(blocked), "waits in the kernel, in kernel_clone (state D)");
  assert.equal(blockedText({ ...blocked, functions: [] }), "waits in the kernel (state D)");
  assert.equal(blockedText({ ...blocked, frozen: true }), "is frozen with its control group");
  assert.match(blockedHint(blocked), /before that returns \(kernel_clone < __do_sys_clone3\)/);
});

Deno.test("stuck() returns one lasting wait, not several short ones of the same thread", async () => {
  const asked = (switches: () => number) => ({
    process: () => Promise.resolve({ ...first, blocked: { ...blocked, switches: switches() } }),
  });
  const never = new AbortController().signal, waiting = { ...first, blocked };
  let switches = 4;
  assert.deepEqual(await stuck(asked(() => 4), waiting, never), blocked);
  assert.equal(await stuck(asked(() => switches++), waiting, never), undefined);
  assert.equal(await stuck(asked(() => 4), first, never), undefined);
});
