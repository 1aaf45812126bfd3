import assert from "node:assert/strict";
import type { ScopeError } from "../../../src/errors.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { nextProgress, progressOf, pullHint } from "../../../src/connect/waiting.ts";
import { containerStatus, pod } from "../kube/pod.ts";

const image = "registry.example/endoscope:1";

/** Makes a debug pod whose container is in this state. */
function inState(state: Record<string, unknown>, phase = "Pending"): V1Pod {
  return pod("debug", { status: { phase, containerStatuses: [{ ...containerStatus("scope"), state }] } });
}

const waiting = (reason: string, message?: string) => inState({ waiting: { reason, ...(message && { message }) } });

// Messages of the kubelet and containerd.
const notThere =
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;
const refused =
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, ` +
  "repository does not exist or may require authorization";
const noHost =
  `failed to pull and unpack image "${image}": failed to do request: Head "https://registry.example/v2/": ` +
  "dial tcp: lookup registry.example on 10.96.0.10:53: no such host";
const lookup = "rpc error: code = NotFound desc = lookup registry.example: server misbehaving";

for (
  const [name, of, expected] of [
    ["a container that runs", inState({ running: {} }, "Running"), { state: "running" }],
    ["a pod without a status", {}, { state: "waiting", reason: "Pending", pullFailed: false }],
    ["a pod that was just made", pod("debug", { status: { phase: "Pending", containerStatuses: [] } }), {
      state: "waiting",
      reason: "Pending",
      pullFailed: false,
    }],
    ["a container that is being made", waiting("ContainerCreating"), {
      state: "waiting",
      reason: "ContainerCreating",
      pullFailed: false,
    }],
    ["a container that cannot be made yet", waiting("CreateContainerError", "context deadline exceeded"), {
      state: "waiting",
      reason: "CreateContainerError: context deadline exceeded",
      pullFailed: false,
    }],
    ["a registry that does not answer", waiting("ErrImagePull", noHost), {
      state: "waiting",
      reason: `ErrImagePull: ${noHost}`,
      pullFailed: true,
    }],
    ["a lookup of a registry that finds nothing", waiting("ErrImagePull", lookup), {
      state: "waiting",
      reason: `ErrImagePull: ${lookup}`,
      pullFailed: true,
    }],
    ["a pull that is tried again", waiting("ImagePullBackOff", `Back-off pulling image "${image}"`), {
      state: "waiting",
      reason: `ImagePullBackOff: Back-off pulling image "${image}"`,
      pullFailed: true,
    }],
  ] as const
) {
  Deno.test(`progressOf() goes on for ${name}`, () => assert.deepEqual(progressOf(of as V1Pod, image), expected));
}

for (
  const [name, of, kind, message, hint] of [
    [
      "an image that is not there",
      waiting("ErrImagePull", notThere),
      "unreachable",
      `Cannot pull the image "${image}" (ErrImagePull)`,
      /not found/,
    ],
    [
      "an image behind a closed door",
      waiting("ErrImagePull", refused),
      "unreachable",
      `Cannot pull the image "${image}" (ErrImagePull)`,
      /--regcred.*may require authorization/,
    ],
    [
      "the same, told later",
      waiting("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${notThere}`),
      "unreachable",
      `Cannot pull the image "${image}" (ImagePullBackOff)`,
      /not found/,
    ],
    [
      "an image that must not be pulled",
      waiting("ErrImageNeverPull", "Container image is not present with pull policy of Never"),
      "unreachable",
      `Cannot pull the image "${image}" (ErrImageNeverPull)`,
      /pull policy of Never/,
    ],
    [
      "a name that is none",
      waiting("InvalidImageName"),
      "usage",
      `Cannot pull the image "${image}" (InvalidImageName)`,
      /--image/,
    ],
    [
      "a container that ended",
      inState({ terminated: { exitCode: 1, reason: "Error", message: "no such device" } }, "Failed"),
      "unreachable",
      'Debug pod "shop/debug" ended at once (Error, exit code 1)',
      /^no such device$/,
    ],
    [
      "a container that ended without a word",
      inState({ terminated: { exitCode: 128, reason: "StartError" } }),
      "unreachable",
      'Debug pod "shop/debug" ended at once (StartError, exit code 128)',
      /^kubectl logs -n shop debug says why$/,
    ],
    [
      "a pod that its node refused",
      pod("debug", {
        status: {
          phase: "Failed",
          reason: "OutOfcpu",
          message: "Node didn't have enough resource: cpu",
          containerStatuses: [],
        },
      }),
      "unreachable",
      'Debug pod "shop/debug" ended at once (OutOfcpu)',
      /enough resource: cpu/,
    ],
  ] as const
) {
  Deno.test(`progressOf() gives up for ${name}`, () => {
    const progress = progressOf(of, image);
    assert.ok(progress.state === "failed", progress.state);
    assert.deepEqual([progress.error.kind, progress.error.message], [kind, message]);
    assert.match(progress.error.hint ?? "", hint);
  });
}

Deno.test("pullHint() names the options that help, and the reason where there is one", () => {
  assert.match(pullHint("registry.example.com/scope:1"), /--image or SCOPE_IMAGE.*--regcred[^()]*$/);
  assert.match(pullHint("registry.example.com/scope:1", "no space left"), /--regcred.* \(no space left\)$/);
});

Deno.test("progressOf() does not wait for an image of localhost, where nobody can publish one", () => {
  const progress = progressOf(
    waiting("ErrImagePull", "dial tcp 127.0.0.1:443: connect: connection refused"),
    "localhost/scope/endoscope:1",
  );
  assert.ok(progress.state === "failed", progress.state);
  assert.match(progress.error.hint ?? "", /only on nodes where it was loaded/);
});

Deno.test("progressOf() gives up for a container whose program cannot be started, as it never restarts", () => {
  const words = 'exec: "--shared-namespaces": executable file not found in $PATH';
  const progress = progressOf(waiting("RunContainerError", words), image);
  assert.equal(progress.state, "failed");
  const { message, hint } = (progress as { error: ScopeError }).error;
  assert.deepEqual([message, hint], ['Debug pod "shop/debug" cannot start (RunContainerError)', words]);
});

Deno.test("nextProgress() keeps a failed pull while the kubelet says that the container is being created", () => {
  const failed = progressOf(waiting("ErrImagePull", noHost), image),
    back = progressOf(waiting("ImagePullBackOff"), image);
  const creating = progressOf(waiting("ContainerCreating"), image),
    running = progressOf(inState({ running: {} }), image);
  assert.deepEqual(nextProgress(failed, creating), failed);
  assert.deepEqual(nextProgress(failed, back), back);
  assert.deepEqual(nextProgress(failed, running), running);
  assert.deepEqual(nextProgress(progressOf(waiting("Pending"), image), creating), creating);
});
