import assert from "node:assert/strict";
import { insideArgv, waitsForRuntime } from "../../../../src/manager/server/inside.ts";
import { Program } from "../../../../src/manager/server/program.ts";

const plain = { pid: 7, privileged: false, user: "", sharedNamespaces: false, byRuntime: false, argv: [] };

Deno.test("insideArgv() without a command is a shell, as that very process and with its rights", () => {
  assert.deepEqual(insideArgv(plain), ["/opt/scope/inside", "--pid", "7", "--", "sh"]);
});

Deno.test("insideArgv() says what differs from the target", () => {
  const options = (more: Partial<typeof plain>) => {
    const built = insideArgv({ ...plain, ...more });
    return built.slice(built.indexOf("7") + 1, built.indexOf("--"));
  };
  assert.deepEqual(options({}), []);
  assert.deepEqual(options({ privileged: true }), ["--privileged"]);
  assert.deepEqual(options({ user: "1000:0" }), ["--user", "1000:0"]);
  assert.deepEqual(options({ privileged: true, user: "5" }), ["--privileged", "--user", "5"]);
});

Deno.test("insideArgv() only changes its root where it shares the target's namespaces, within the limits for tools", () => {
  const built = insideArgv({ ...plain, sharedNamespaces: true });
  assert.deepEqual(built, ["/opt/scope/run", "/opt/scope/inside", "--pid", "7", "--chroot-only", "--", "sh"]);
});

Deno.test("insideArgv() waits for the container's runtime where that lets it in", () => {
  const built = insideArgv({ ...plain, sharedNamespaces: true, byRuntime: true });
  assert.deepEqual(built, ["/opt/scope/run", "/opt/scope/inside", "--pid", "7", "--by-runtime", "--", "sh"]);
});

Deno.test("insideArgv() passes a command on as it is", () => {
  const odd = ["printf", "<%s>", "two words", "", "$(id)", "--", "-x"];
  assert.deepEqual(insideArgv({ ...plain, argv: odd }), ["/opt/scope/inside", "--pid", "7", "--", ...odd]);
});

Deno.test("waitsForRuntime() notices a program that has failed, though nobody has read its words", async () => {
  await using program = new Program({ argv: ["sh", "-c", "echo no >&2; exit 1"], env: {} });
  assert.equal(await waitsForRuntime(program, AbortSignal.timeout(10_000)), false);
});
