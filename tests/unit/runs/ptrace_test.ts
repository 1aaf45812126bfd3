import assert from "node:assert/strict";
import { refusal, type Refused, tracedAlready } from "../../../src/runs/ptrace.ts";

const refused: Refused = { process: '"42" (app)', node: "node1", way: "ephemeral", mayTrace: false, yama: "" };
const said = (more: Partial<Refused>) => {
  const { kind, message, hint } = refusal({ ...refused, ...more });
  assert.equal(kind, "denied");
  return [message.replace('Cannot trace process "42" (app): ', ""), hint];
};
const viaNode = "--via node traces from a privileged pod, where policy admits one";

// The file's content is from proc(5) and the kernel's Yama.rst: the test cluster's kernel has no Yama.
Deno.test("refusal() names Yama, and the capability that it requires", () => {
  for (const scope of [1, 2]) {
    assert.deepEqual(said({ yama: `${scope}\n` }), [
      `Yama lets only SYS_PTRACE do this on node "node1" (kernel.yama.ptrace_scope is ${scope})`,
      viaNode,
    ]);
  }
  for (const mayTrace of [true, false]) {
    assert.match(said({ yama: "3\n", mayTrace })[0]!, /^Yama forbids all tracing on node "node1" \(.* is 3\)$/);
  }
});

Deno.test("refusal() names the missing capability where Yama does not refuse", () => {
  for (const yama of ["", "0\n"]) {
    assert.deepEqual(said({ yama }), [
      "it has another user or more capabilities than the endoscope, which has no SYS_PTRACE",
      viaNode,
    ]);
  }
});

Deno.test("refusal() names seccomp and security modules where the capability is there", () => {
  const words = "a seccomp filter or a security module (AppArmor, SELinux) forbids it";
  assert.deepEqual(said({ mayTrace: true }), [words, viaNode]);
  assert.deepEqual(said({ mayTrace: true, way: "node", yama: "1\n" })[0], words);
});

Deno.test("tracedAlready() names the other tracer", () => {
  const { kind, message } = tracedAlready('"42" (app)', 7, "gdb -p 42");
  assert.deepEqual([kind, message], ["denied", 'Process "42" (app) is traced already, by process "7" (gdb -p 42)']);
  assert.match(tracedAlready('"42" (app)', 7).message, /by process "7"$/);
});
