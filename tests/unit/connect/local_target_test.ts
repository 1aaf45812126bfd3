import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import type { PodHere } from "../../../src/connect/local_target.ts";
import { chooseContainer, choosePodHere } from "../../../src/connect/local_target.ts";

const pod: PodHere = {
  ...{ name: "web", namespace: "shop", uid: "u1", pid: 700 },
  containers: [{ name: "main", id: "a" }, { name: "side", id: "b" }],
};
const found = (...pods: PodHere[]) => ({ pods, runtimes: 1, unreadable: 0 });

function fails(call: () => unknown, kind: string, message: string, hint: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], [kind, message]);
    assert.match(error.hint ?? "", hint);
    return true;
  });
}

Deno.test("choosePodHere() takes the only one, also where another runtime may not be read", () => {
  assert.deepEqual(choosePodHere(found(pod), "web"), pod);
  assert.deepEqual(choosePodHere({ ...found(pod), unreadable: 1 }, "web"), pod);
});

Deno.test("choosePodHere() leaves out scope's own ephemeral containers", () => {
  const visited = { ...pod, containers: [{ name: "scope-0a1b2c", id: "c" }, ...pod.containers] };
  assert.deepEqual(choosePodHere(found(visited), "web"), pod);
});

Deno.test("choosePodHere() says how to choose between several", () => {
  const other = { ...pod, namespace: "test", uid: "u2", pid: 900 }, twin = { ...pod, uid: "u3", pid: 8 };
  const several = (count: number) => `There are ${count} pods "web" on this machine`;
  fails(() => choosePodHere(found(pod, other), "web"), "usage", several(2), /^choose one by its .* -n: shop, test$/);
  fails(() => choosePodHere(found(pod, twin), "web"), "usage", several(2), /several clusters: .* -p .*: 8, 700$/);
});

Deno.test("choosePodHere() tells a pod that is missing from files that may not be read", () => {
  const missing = 'Cannot find pod "web" on this machine';
  fails(() => choosePodHere(found(), "web"), "notFound", missing, /^it must run here/);
  fails(() => choosePodHere({ ...found(), runtimes: 0 }, "web"), "notFound", missing, /^there is no container runtime/);
  const named = 'Cannot find pod "web" in namespace "shop" on this machine';
  fails(() => choosePodHere(found(), "web", "shop"), "notFound", named, /./);
  const hidden = `Cannot look for pod "web" on this machine: you may not read the runtime's files`;
  fails(() => choosePodHere({ ...found(), unreadable: 1 }, "web"), "denied", hidden, /sudo/);
});

Deno.test("chooseContainer() takes the named one, or the oldest", () => {
  assert.deepEqual(chooseContainer(pod, undefined), { name: "main", id: "a" });
  assert.deepEqual(chooseContainer(pod, "side"), { name: "side", id: "b" });
  const missing = 'Cannot find container "x" in pod "shop/web"';
  fails(() => chooseContainer(pod, "x"), "notFound", missing, /^it has main, side$/);
  fails(() => chooseContainer({ ...pod, containers: [] }, "x"), "notFound", missing, /^none of its containers runs$/);
});
