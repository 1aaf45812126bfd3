import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { toTarget } from "../../../src/kube/pods.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { AutoWay } from "../../../src/ways/auto.ts";
import { EphemeralWay } from "../../../src/ways/ephemeral.ts";
import { NodeWay } from "../../../src/ways/node.ts";
import type { Answer } from "../kube/api_server.ts";
import { apiServer, status } from "../kube/api_server.ts";
import { pod } from "../kube/pod.ts";

const refusedBy = (what: string): Answer =>
  status(400, "BadRequest", `admission webhook "guard.example.com" denied the request: no ${what}`);

/** Tries to get beside a pod where these answer; returns what was asked to be made, what was explained, and the error. */
async function reach(of: V1Pod, answers: { ephemeral: Answer; debugPod: Answer }) {
  await using api = await apiServer((method, path) => {
    if (path.endsWith("/selfsubjectaccessreviews")) return { status: 201, body: { status: { allowed: true } } };
    if (path.includes("/ephemeralcontainers")) return answers.ephemeral;
    if (method === "POST" && path.endsWith("/pods")) return answers.debugPod;
    if (method === "GET" && path.includes("/pods?")) return { status: 200, body: { items: [] } };
    return status(404, "NotFound", "not found");
  });
  const explained: string[] = [];
  const explain = (text: string) => void explained.push(text), say = explain;
  const common = { image: "endoscope:1", pullPolicy: "IfNotPresent", timeoutMs: 5000, say } as const;
  const node = new NodeWay(api.cluster, { ...common, namespace: "shop", regcred: "" });
  const ephemeral = new EphemeralWay(api.cluster, { ...common, explain, askToEnd: () => Promise.resolve(true) });
  const auto = new AutoWay(api.cluster, node, ephemeral, explain);
  const error = await auto.reach(of, toTarget(of), {}, new AbortController().signal).then(
    () => assert.fail("it got there"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ScopeError);
  const made = api.asked.filter((one) => /^(POST|PATCH) .*\/pods/.test(one));
  return { error, made: made.map((one) => one.replace(/\?.*dryRun=All.*/, " dry")), explained };
}

Deno.test("AutoWay tries a debug pod where a policy forbids ephemeral containers", async () => {
  const answers = { ephemeral: refusedBy("ephemeral containers"), debugPod: refusedBy("privileged pods") };
  const { error, made } = await reach(pod("web"), answers);
  assert.deepEqual(made, [
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers dry",
    "POST /api/v1/namespaces/shop/pods",
  ]);
  assert.deepEqual([error.kind, error.message], [
    "denied",
    'Cannot create a debug pod in namespace "shop": a policy of the cluster forbids it',
  ]);
  assert.match(error.hint ?? "", /no privileged pods; nor is there another way: Cannot add an ephemeral container/);
});

const little = { resources: { limits: { memory: "64Mi" } } };

Deno.test("AutoWay adds an ephemeral container after all where a policy forbids the debug pod", async () => {
  const of = pod("web", { spec: { containers: [{ name: "app", ...little }] } });
  const { made } = await reach(of, {
    ephemeral: { status: 200, body: of },
    debugPod: refusedBy("privileged pods"),
  });
  assert.deepEqual(made, [
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers dry",
    "POST /api/v1/namespaces/shop/pods",
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers",
  ]);
});
