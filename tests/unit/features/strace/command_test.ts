import assert from "node:assert/strict";
import { strace } from "../../../../src/features/strace/command.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { first } from "../../target_client.ts";
import { worldOf } from "../world.ts";

const globals = { namespace: "shop", pod: "web" };
const attached = "/usr/bin/strace: Process 4242 attached with 3 threads\n";

/** Runs a trace of process 4242 with an strace that prints these texts and exits with `code`. */
async function tracing(options: RawOptions, { stdout = "", stderr = attached, code = 0 } = {}) {
  const { context, did, place } = worldOf({ globals, processes: [first] });
  const running = strace.run(context, options, []);
  void place.print("stderr", stderr).then(() => place.print("stdout", stdout)).then(() => place.end(code));
  return { code: await running, did, run: place.seen.options };
}

for (
  const [options, message] of [
    [{ pid: "x" }, 'Option --pid cannot be "x"'],
    [{ pid: "0" }, 'Option --pid cannot be "0"'],
    [{ duration: "0" }, 'Option --duration cannot be "0"'],
    [{ stringLimit: "-1" }, 'Option --string-limit cannot be "-1"'],
  ] as [RawOptions, string][]
) {
  Deno.test(`strace refuses ${JSON.stringify(options)} before it connects`, async () => {
    const { context, did } = worldOf({ globals });
    await assert.rejects(strace.run(context, options, []), { message });
    assert.deepEqual(did.entered, []);
  });
}

Deno.test("strace traces the first process, and passes its options to strace", async () => {
  const { run, did } = await tracing({ expression: ["openat", "signal=none"], stringLimit: "99", decodeFds: true });
  assert.deepEqual(run?.argv.slice(3), [
    ...["-f", "-y", "-s", "99", "-e", "openat", "-e", "signal=none", "-o", "/dev/stdout", "-p", "4242"],
  ]);
  assert.deepEqual([run?.namespaces, run?.traces], [[], 4242]);
  assert.deepEqual(did.said, ["tracing process 4242 (httpd -f), 3 threads"]);
  assert.ok(!(await tracing({ follow: false })).run?.argv.includes("-f"));
});

Deno.test("strace prints how the process ended, and exits with 0", async () => {
  const { code, did } = await tracing({}, { stdout: "4242 1.000001 +++ exited with 3 +++\n" });
  assert.equal(code, 0);
  assert.equal(did.said.at(-1), "process 4242 (httpd -f) exited with 3; after a restart of its container, trace again");
});

Deno.test("strace returns strace's own exit code", async () => {
  assert.equal((await tracing({}, { code: 137 })).code, 137);
});

Deno.test("strace explains a refusal of the kernel", async () => {
  const stderr = "strace: attach: ptrace(PTRACE_SEIZE, 4242): Operation not permitted\n";
  const { context, place } = worldOf({ globals, processes: [{ ...first, tracerPid: 7 }] });
  const { tracerPid: _, ...free } = { ...first, tracerPid: 7 };
  place.client.processes = () => Promise.resolve([free]);
  const running = strace.run(context, {}, []);
  void place.print("stderr", stderr).then(() => place.end(1));
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], [
      "denied",
      'Process "4242" (httpd -f) is traced already, by process "7"',
    ]);
    return true;
  });
});
