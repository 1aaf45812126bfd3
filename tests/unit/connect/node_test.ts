import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { debugPod } from "../../../src/connect/debug_pod.ts";
import { NodeWay } from "../../../src/connect/node.ts";
import type { StartOptions } from "../../../src/connect/start.ts";
import type { Answer } from "../kube/api_server.ts";
import { apiServer, status } from "../kube/api_server.ts";
import { containerStatus } from "../kube/pod.ts";

const mirrored = "mirror.example/endoscope@sha256:1";
const options: StartOptions = {
  ...{ namespace: "shop", image: "endoscope:1", regcred: "", pullPolicy: "IfNotPresent", timeoutMs: 5000 },
  notice: () => {},
};

/** Makes a running debug pod with this image. */
function running(image: string, asked = options.image): V1Pod {
  const made = debugPod({ ...options, image: asked, node: "node1" });
  made.spec!.containers[0]!.image = image;
  return {
    ...made,
    status: { phase: "Running", containerStatuses: [{ ...containerStatus("scope"), state: { running: {} } }] },
  };
}

const forbidden = status(403, "Forbidden", "no");

/** Reaches a node where these pods exist, creating a debug pod when there is none; returns the requests and the error. */
async function reach(
  pods: V1Pod[],
  { dry, made = forbidden, exec = () => forbidden }: {
    dry: (sent: V1Pod) => Answer;
    made?: Answer;
    exec?: () => Answer;
  },
  timeoutMs = options.timeoutMs,
) {
  await using api = await apiServer((method, path, body) => {
    if (path.endsWith("/selfsubjectaccessreviews")) return { status: 201, body: { status: { allowed: true } } };
    if (path.includes("/exec?")) return exec();
    if (method === "POST") return path.includes("dryRun=All") ? dry(JSON.parse(body)) : made;
    // A watch; else a list.
    if (path.includes("watch=")) {
      return { status: 200, body: pods.map((object) => `${JSON.stringify({ type: "ADDED", object })}\n`).join("") };
    }
    return { status: 200, body: { metadata: { resourceVersion: "1" }, items: pods } };
  }, { timeoutMs: 2000 });
  const error = await new NodeWay(api.cluster, { ...options, timeoutMs }).reach(
    { node: "node1" },
    new AbortController().signal,
  ).then(
    () => assert.fail("it got there"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ScopeError);
  const asked = api.asked.filter((one) => !one.endsWith("/selfsubjectaccessreviews"));
  return { error, asked: asked.map((one) => one.replace(/^(\w+) .*\/pods/, "$1 ").replace(/\?.*/, "")) };
}

const makes = (image: string) => (sent: V1Pod): Answer => {
  sent.spec!.containers[0]!.image = image;
  return { status: 201, body: sent };
};
const connects = /^Cannot connect to "shop\/scope-node1-/;

Deno.test("NodeWay uses the debug pod that runs, without trying anything", async () => {
  const { error, asked } = await reach([running(options.image)], { dry: makes("other") });
  assert.match(error.message, connects);
  assert.deepEqual(asked, ["GET ", `GET /${running("").metadata!.name}/exec`]);
});

Deno.test("NodeWay uses the debug pod whose image admission has rewritten", async () => {
  const { error, asked } = await reach([running(mirrored)], { dry: makes(mirrored) });
  assert.match(error.message, connects);
  assert.deepEqual(asked, ["GET ", "POST ", `GET /${running("").metadata!.name}/exec`]);
});

Deno.test("NodeWay trusts no pod with an image that admission does not make of the one asked for", async () => {
  const conflict = status(409, "AlreadyExists", "there is one");
  for (const dry of [makes(mirrored), makes(options.image), () => forbidden]) {
    const { error, asked } = await reach([running("evil.example/endoscope:1")], { dry, made: conflict });
    assert.match(error.message, /has the name of a debug pod, but is none of scope's$/);
    assert.ok(asked.every((one) => !one.includes("exec")), "nothing is asked of it");
  }
});

Deno.test("NodeWay takes for its own what it has just created, as admission made it", async () => {
  const created = running(mirrored);
  const { error } = await reach([created], { dry: () => forbidden, made: { status: 201, body: created } });
  assert.match(error.message, connects);
});

Deno.test("NodeWay takes for its own what another client creates, as admission made it", async () => {
  const conflict = status(409, "AlreadyExists", "there is one");
  const starting = { ...running(mirrored), status: { phase: "Pending" } };
  const { error } = await reach([starting], { dry: makes(mirrored), made: conflict });
  assert.match(error.message, connects);
});

const refused = status(500, "InternalError", "error dialing backend");

Deno.test("NodeWay tries exec again in a debug pod that runs, and makes no other where that is refused once", async () => {
  const execs = [refused];
  const { asked } = await reach([running(options.image)], {
    dry: makes("other"),
    exec: () => execs.pop() ?? forbidden,
  });
  assert.equal(asked.filter((one) => one.endsWith("/exec")).length, 2);
  assert.ok(asked.every((one) => one.startsWith("GET ")), `nothing is made: ${asked}`);
});

Deno.test("NodeWay makes a debug pod where exec is refused and the pod's status says that its container has ended", async () => {
  const ended = running(options.image);
  const exec = () => {
    ended.status!.containerStatuses![0]!.state = { terminated: { exitCode: 0, reason: "Completed" } };
    return refused;
  };
  const { error, asked } = await reach([ended], { dry: makes("other"), exec });
  assert.match(error.message, /^Cannot create a debug pod/);
  assert.equal(asked.filter((one) => one.endsWith("/exec")).length, 1);
});

/** Answers for a debug pod that is created with a rewritten image, unknown here as the dry run was refused. */
const made = () => {
  const created = running(mirrored);
  return { pods: [created], way: { dry: () => forbidden, made: { status: 201, body: created } } };
};

Deno.test("NodeWay ends at once where exec cannot be had on the way to the API server", async () => {
  const exec = () => status(400, "BadRequest", "Upgrade request required");
  for (const { pods, way } of [{ pods: [running(options.image)], way: { dry: makes("other") } }, made()]) {
    const { error, asked } = await reach(pods, { ...way, exec });
    assert.match(error.message, /: a proxy before the API server takes "Upgrade" out of requests$/);
    assert.equal(asked.filter((one) => one.endsWith("/exec")).length, 1);
  }
});

Deno.test("NodeWay says why exec was refused last where that goes on for the whole time", async () => {
  const { pods, way } = made(), exec = () => status(429, "TooManyRequests", "too many requests");
  const { error } = await reach(pods, { ...way, exec }, 700);
  assert.match(error.message, /: the API server answered 429, too many requests$/);
});

Deno.test("NodeWay leaves out a refusal of exec that only says that the container has not started", async () => {
  const { pods, way } = made(), exec = () => status(500, "InternalError", 'container not found ("scope")');
  const { error } = await reach(pods, { ...way, exec }, 700);
  assert.match(error.message, /^Debug pod .* did not start within 0.7 s$/);
  assert.equal(error.hint, "it waits for its manager to answer; give it longer with --timeout SECONDS");
});

Deno.test("NodeWay calls no pod foreign where it could not ask whose it is", async () => {
  const conflict = status(409, "AlreadyExists", "there is one"), starting = { ...running(mirrored), status: {} };
  const { error } = await reach([starting], { dry: () => status(500, "InternalError", "no leader"), made: conflict });
  assert.match(error.message, /^Cannot try a debug pod in namespace "shop": the API server answered 500, no leader$/);
});
