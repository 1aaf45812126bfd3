import assert from "node:assert/strict";
import type { V1Pod } from "../../../../src/kube/cluster.ts";
import { copyProgress, copyStatus } from "../../../../src/features/pods/copy_progress.ts";
import { captured } from "../../kube/captured.ts";

function read(name: string, container = "app") {
  const progress = copyProgress(captured(name), container);
  if (progress.state !== "failed") return progress;
  const { kind, message, hint } = progress.error;
  return { kind, message, hint };
}

Deno.test("copyProgress() of a container that runs", () => {
  assert.deepEqual(read("copy_running"), { state: "running" });
  assert.deepEqual(read("copy_in_init", "prepare"), { state: "running" }, "also of an init container");
});

Deno.test("copyProgress() of an application that crashes again", () => {
  assert.deepEqual(read("copy_crashed"), { state: "ended", reason: "Error", exitCode: 1, neverRan: false });
});

Deno.test("copyProgress() of a command that is no program of the image", () => {
  const { message, ...rest } = read("copy_no_program") as { message?: string };
  assert.deepEqual(rest, { state: "ended", reason: "StartError", exitCode: 128, neverRan: true });
  assert.match(message ?? "", /exec: "no-such-program": executable file not found in \$PATH/);
});

Deno.test("copyProgress() of a container behind an init container", () => {
  assert.deepEqual(read("copy_behind_init"), {
    state: "waiting",
    reason: 'init container "prepare" to end',
    pullFailed: false,
  });
  assert.deepEqual(read("copy_init_failed"), {
    ...{ state: "ended", reason: "Error", exitCode: 3, failed: "prepare", neverRan: false },
  });
});

Deno.test("copyProgress() of an image that does not come", () => {
  const progress = read("copy_pull") as { state: string; reason: string; pullFailed: boolean };
  assert.deepEqual([progress.state, progress.pullFailed], ["waiting", true]);
  assert.match(progress.reason, /^ErrImagePull: failed to pull and unpack image "no.such\/image:1"/);
  const pod = captured("copy_pull"), app = pod.status!.containerStatuses!.find(({ name }) => name === "app")!;
  app.state!.waiting!.message = "manifest unknown";
  const failed = copyProgress(pod, "app");
  assert.ok(failed.state === "failed");
  assert.equal(failed.error.message, 'Cannot pull the image "no.such/image:1" (ErrImagePull)');
  assert.match(failed.error.hint ?? "", /^--image gives the container another one.*\(manifest unknown\)$/);
});

Deno.test("copyProgress() of a copy that its node does not take", () => {
  const { kind, message, hint } = read("copy_refused") as { kind: string; message: string; hint: string };
  assert.equal(kind, "unreachable");
  assert.match(message, /^Node "node1" does not take the copy \(OutOfcpu\)$/);
  assert.match(hint, /^--any-node lets the scheduler find another \(.*cpu.*\)$/);
});

Deno.test("copyProgress() of a copy that has no status yet", () => {
  assert.deepEqual(copyProgress({}, "app"), { state: "waiting", reason: "Pending", pullFailed: false });
});

Deno.test("copyStatus() is one word, with the exit code of what has ended", () => {
  const status = (name: string) => copyStatus(captured(name), "app");
  assert.deepEqual(status("copy_running"), { status: "Running" });
  assert.deepEqual(status("copy_crashed"), { status: "Error", exitCode: 1 });
  assert.deepEqual(status("copy_init_failed"), { status: "Error", exitCode: 3, failed: "prepare" });
  assert.deepEqual(status("copy_pull"), { status: "ErrImagePull" });
  const going: V1Pod = captured("copy_running");
  going.metadata!.deletionTimestamp = new Date(0) as never;
  assert.deepEqual(copyStatus(going, "app"), { status: "Terminating" });
});
