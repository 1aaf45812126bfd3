import assert from "node:assert/strict";
import { traced } from "../../src/traced.ts";
import { besideOf, first } from "./beside.ts";

const other = { ...first, pid: 17, containerPid: 9 };

async function found(processes: typeof first[], pid?: number) {
  const said: string[] = [];
  const process = await traced(besideOf(processes).beside, pid, (text) => void said.push(text));
  return { pid: process.pid, said };
}

Deno.test("traced() takes the container's first process, though others have lower pids", async () => {
  assert.deepEqual(await found([other, first]), { pid: first.pid, said: [] });
  const zombie = { ...other, state: "Z" }, shared = { ...first, containerPid: 30 };
  assert.equal((await found([zombie, shared])).pid, first.pid);
  assert.equal((await found([{ ...first, container: "sidecar" }, other])).pid, other.pid);
});

Deno.test("traced() takes the pid that is given, and says when it is none of the target's", async () => {
  assert.deepEqual(await found([first, other], other.pid), { pid: other.pid, said: [] });
  const { pid, said } = await found([{ ...other, container: "", command: "kubelet" }], other.pid);
  assert.deepEqual([pid, said], [other.pid, ['process 17 is none of pod "shop/web": kubelet']]);
});

Deno.test("traced() throws when there is none", async () => {
  await assert.rejects(found([first], 18), { kind: "notFound" });
  await assert.rejects(found([{ ...first, container: "sidecar" }]), { kind: "unreachable" });
});
