import assert from "node:assert/strict";
import { memoryOf, parseUsage, podUsage, usageOf } from "../../bench/usage.ts";

Deno.test("parseUsage() reads CPU time and memory behind a name with blanks and parentheses", () => {
  const stat = "42 (a) b) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 7 7 20 0 1 0 12345 9000000 300 18446744073709551615";
  assert.deepEqual(parseUsage(stat), { pid: 42, name: "a) b", cpuMs: 2000, residentBytes: 300 * 4096 });
});

Deno.test("parseUsage() reads nothing out of what is no such line", () => {
  assert.equal(parseUsage(""), undefined);
  assert.equal(parseUsage("42 (sh) S 1"), undefined);
});

Deno.test("usageOf() and memoryOf() read a living process", () => {
  const usage = usageOf(Deno.pid)!, memory = memoryOf(Deno.pid);
  assert.equal(usage.pid, Deno.pid);
  assert.ok(usage.cpuMs > 0 && usage.residentBytes > 1e6);
  assert.ok(memory.anonymous > 1e6 && memory.anonymous < memory.resident);
});

Deno.test("podUsage() of a pod that is not here is empty", () => {
  assert.deepEqual(podUsage("00000000-0000-0000-0000-000000000000"), []);
});
