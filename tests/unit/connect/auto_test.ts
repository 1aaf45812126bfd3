import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { toTarget } from "../../../src/kube/pods.ts";
import type { V1EphemeralContainer, V1Pod } from "../../../src/kube/cluster.ts";
import type { Needs } from "../../../src/way.ts";
import { AutoWay } from "../../../src/connect/auto.ts";
import { EphemeralWay } from "../../../src/connect/ephemeral.ts";
import { ephemeralContainer } from "../../../src/connect/ephemeral_container.ts";
import { NodeWay } from "../../../src/connect/node.ts";
import type { Answer } from "../kube/api_server.ts";
import { apiServer, status } from "../kube/api_server.ts";
import { containerStatus, deleted, pod } from "../kube/pod.ts";

const refusedBy = (what: string): Answer =>
  status(400, "BadRequest", `admission webhook "guard.example.com" denied the request: no ${what}`);

/** Requests that are made for a debug pod that is refused. */
const debugPodTried = ["POST /api/v1/namespaces/shop/pods dry", "POST /api/v1/namespaces/shop/pods"];

/** Tries to reach a pod with these answers; returns the requested creations, the details printed, and the error. */
async function reach(
  of: V1Pod,
  answers: { ephemeral: Answer; debugPod: Answer; exec?: () => Answer; now?: V1Pod },
  needs: Needs = {},
) {
  await using api = await apiServer((method, path) => {
    if (path.includes("/exec?") && answers.exec !== undefined) return answers.exec();
    if (path.includes("fieldSelector=") && answers.now !== undefined) {
      return { status: 200, body: path.includes("watch=") ? "" : { metadata: {}, items: [answers.now] } };
    }
    if (path.endsWith("/selfsubjectaccessreviews")) return { status: 201, body: { status: { allowed: true } } };
    if (path.includes("/ephemeralcontainers")) return answers.ephemeral;
    if (method === "POST" && /\/pods(\?|$)/.test(path)) return answers.debugPod;
    if (method === "GET" && path.includes("/pods?")) return { status: 200, body: { items: [] } };
    return status(404, "NotFound", "not found");
  }, { timeoutMs: 2000 });
  const explained: string[] = [];
  const detail = (text: string) => void explained.push(text), notice = detail;
  const common = { image: "endoscope:1", pullPolicy: "IfNotPresent", timeoutMs: 5000, notice } as const;
  const node = new NodeWay(api.cluster, { ...common, namespace: "shop", regcred: "" });
  const ephemeral = new EphemeralWay(api.cluster, { ...common, detail, askToEnd: () => Promise.resolve(true) });
  const auto = new AutoWay(api.cluster, node, ephemeral, detail);
  const error = await auto.reach(of, toTarget(of), needs, new AbortController().signal).then(
    () => assert.fail("it got there"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ScopeError);
  const made = api.asked.filter((one) => /^(POST|PATCH) .*\/pods/.test(one));
  return { error, made: made.map((one) => one.replace(/\?.*dryRun=All.*/, " dry")), explained, asked: api.asked };
}

Deno.test("AutoWay tries a debug pod where a policy forbids ephemeral containers", async () => {
  const answers = { ephemeral: refusedBy("ephemeral containers"), debugPod: refusedBy("privileged pods") };
  const { error, made } = await reach(pod("web"), answers);
  assert.deepEqual(made, [
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers dry",
    ...debugPodTried,
  ]);
  assert.deepEqual([error.kind, error.message], [
    "denied",
    'Cannot create a debug pod in namespace "shop": a policy of the cluster forbids it',
  ]);
  assert.match(error.hint ?? "", /no privileged pods; nor is there another way: Cannot add an ephemeral container/);
});

const little = (memory: string) =>
  pod("web", { spec: { containers: [{ name: "app", resources: { limits: { memory } } }] } });

Deno.test("AutoWay adds an ephemeral container after all where a policy forbids the debug pod", async () => {
  const of = little("160Mi");
  const { made } = await reach(of, {
    ephemeral: { status: 200, body: of },
    debugPod: refusedBy("privileged pods"),
  });
  assert.deepEqual(made, [
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers dry",
    ...debugPodTried,
    "PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers",
  ]);
});

Deno.test("AutoWay adds no ephemeral container to a pod that it would endanger where the debug pod is refused", async () => {
  const of = little("48Mi");
  const { error, made } = await reach(of, { ephemeral: { status: 200, body: of }, debugPod: refusedBy("pods") });
  assert.deepEqual(made, ["PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers dry", ...debugPodTried]);
  assert.equal(error.kind, "denied");
  assert.match(error.hint ?? "", /Pod "shop\/web" has no room for an ephemeral container: the pod has perhaps 24 MiB/);
});

Deno.test("AutoWay makes no debug pod whose rights admission takes away", async () => {
  const { error, made } = await reach(pod("web"), {
    ephemeral: refusedBy("ephemeral containers"),
    debugPod: {
      status: 201,
      body: { spec: { containers: [{ name: "scope", securityContext: { runAsUser: 1000 } }] } },
    },
  });
  assert.deepEqual(made.slice(1), ["POST /api/v1/namespaces/shop/pods dry"]);
  assert.equal(
    error.message,
    'Cannot create a debug pod in namespace "shop": the cluster\'s admission changes its rights',
  );
  assert.match(error.hint ?? "", /--debug-namespace NAME .*\(hostPID is not true; .*runAsUser is 1000, not 0/);
});

Deno.test("AutoWay adds nothing to a pod that is being deleted, and tries a debug pod", async () => {
  const of = pod("web", deleted);
  const { error, made } = await reach(of, {
    ephemeral: { status: 200, body: of },
    debugPod: refusedBy("privileged pods"),
  });
  assert.deepEqual(made, debugPodTried);
  assert.match(error.hint ?? "", /nor is there another way: Pod "shop\/web" is being deleted/);
});

Deno.test("AutoWay asks what is said to run in a pod that is being deleted, and tries a debug pod where it has ended", async () => {
  const container = ephemeralContainer(pod("web"), {
    ...{ name: "scope-1", target: "app", image: "endoscope:1", pullPolicy: "IfNotPresent", volumes: false },
    profile: { uid: 0, gid: 0, capabilities: ["SYS_PTRACE"], confinedAsTarget: false },
  });
  const of = pod("web", {
    ...deleted,
    spec: { ephemeralContainers: [container] },
    status: { ephemeralContainerStatuses: [{ ...containerStatus("scope-1"), state: { running: {} } }] },
  });
  const { error, made, asked } = await reach(
    of,
    { ephemeral: { status: 200, body: of }, debugPod: refusedBy("pods") },
    {
      capabilities: ["SYS_PTRACE"],
    },
  );
  assert.equal(asked.filter((one) => /^GET .*\/web\/exec\?.*container=scope-1/.test(one)).length, 1);
  assert.deepEqual(made, debugPodTried);
  assert.match(error.hint ?? "", /nor is there another way: Pod "shop\/web" is being deleted/);
});

const failing = status(500, "InternalError", "error dialing backend");
const forbidding = { ephemeral: refusedBy("ephemeral containers"), debugPod: refusedBy("privileged pods") };

/** Fails twice, and then with an error that is reported at once. */
const failingTwice = () => {
  const answers = [failing, failing];
  return () => answers.pop() ?? status(403, "Forbidden", "no");
};
const tracing: Needs = { capabilities: ["SYS_PTRACE"] };

for (const name of ["", ", and goes"]) {
  const { metadata, ...rest } = rewritten("endoscope:1");
  const of = { ...rest, metadata: { ...metadata, ...(name === "" ? {} : deleted.metadata) } };
  Deno.test(`AutoWay makes nothing where exec into a container that runs${name} is refused, and tries that again`, async () => {
    const { error, made, asked } = await reach(of, { ...forbidding, exec: failingTwice(), now: of }, tracing);
    assert.deepEqual(made, []);
    assert.match(error.message, /^Cannot connect to "shop\/web": you are not allowed to$/);
    assert.equal(asked.filter((one) => one.includes("/exec?")).length, 3);
  });
}

Deno.test("AutoWay adds a container where exec is refused and the pod's status says that the one before has ended", async () => {
  const of = rewritten("endoscope:1"), now = structuredClone(of);
  now.status!.ephemeralContainerStatuses![0]!.state = { terminated: { exitCode: 0, reason: "Completed" } };
  const { made, asked } = await reach(of, { ...forbidding, exec: () => failing, now }, tracing);
  assert.deepEqual(made, ["PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers"]);
  assert.equal(asked.filter((one) => one.includes("/exec?")).length, 1);
});

Deno.test("AutoWay takes no way with more rights because the API server fails", async () => {
  for (const code of [500, 503]) {
    const { error, made } = await reach(pod("web"), { ...forbidding, ephemeral: status(code, "", "no leader") });
    assert.match(error.message, new RegExp(`the API server answered ${code}, no leader$`));
    assert.ok(made.every((one) => one.endsWith(" dry")), `${made}`);
  }
});

/** Returns a pod's ephemeral container as the API server stores it after admission has rewritten its image. */
function rewritten(image: string) {
  const container = ephemeralContainer(pod("web"), {
    ...{ name: "scope-1", target: "app", image, pullPolicy: "IfNotPresent", volumes: false },
    profile: { uid: 0, gid: 0, capabilities: ["SYS_PTRACE"], confinedAsTarget: false },
  });
  return pod("web", {
    spec: { ephemeralContainers: [container] },
    status: { ephemeralContainerStatuses: [{ ...containerStatus("scope-1"), state: { running: {} } }] },
  });
}

/** Plans for a pod in a cluster whose admission rewrites images to `image` and changes security contexts. */
async function planned(
  of: V1Pod,
  admitted: string,
  needs: Needs = { capabilities: ["SYS_PTRACE"] },
  changes: V1EphemeralContainer["securityContext"] = {},
) {
  await using api = await apiServer((_method, path, body) => {
    if (path.endsWith("/selfsubjectaccessreviews")) return { status: 201, body: { status: { allowed: true } } };
    const added = JSON.parse(body).spec.ephemeralContainers as V1EphemeralContainer[];
    const all = [
      ...of.spec?.ephemeralContainers ?? [],
      ...added.map((one) => ({
        ...one,
        image: admitted,
        securityContext: { ...one.securityContext, ...changes },
      })),
    ];
    return { status: 200, body: { ...of, spec: { ...of.spec, ephemeralContainers: all } } };
  });
  const way = new EphemeralWay(api.cluster, {
    ...{ image: "endoscope:1", pullPolicy: "IfNotPresent", timeoutMs: 5000, notice: () => {}, detail: () => {} },
    askToEnd: () => Promise.resolve(true),
  });
  return await way.plan(of, toTarget(of), needs);
}

const mirrored = "mirror.example/endoscope@sha256:1";

Deno.test("EphemeralWay.plan() finds the container that runs where admission rewrites images", async () => {
  assert.equal((await planned(rewritten(mirrored), mirrored)).running, "scope-1");
});

Deno.test("EphemeralWay.plan() replaces what lacks something where admission rewrites images", async () => {
  const { running, replaces, profile } = await planned(rewritten(mirrored), mirrored, {
    capabilities: ["NET_ADMIN"],
  });
  assert.deepEqual([running, replaces, profile.capabilities], [undefined, ["scope-1"], ["NET_ADMIN", "SYS_PTRACE"]]);
});

Deno.test("EphemeralWay.plan() does not trust a container of an image that admission makes of no image asked for", async () => {
  for (const admitted of [mirrored, "endoscope:1"]) {
    const { running, replaces } = await planned(rewritten("evil.example/endoscope:1"), admitted);
    assert.deepEqual([running, replaces], [undefined, []]);
  }
});

Deno.test("EphemeralWay.plan() takes a read-only root from admission, and from a limit of the pod's files on disk", async () => {
  const readOnly = { readOnlyRootFilesystem: true };
  assert.equal((await planned(pod("web"), "endoscope:1")).readOnly, false);
  assert.equal((await planned(pod("web"), "endoscope:1", {}, readOnly)).readOnly, true);
  const limits = { "ephemeral-storage": "20Mi" };
  const limited = pod("web", { spec: { containers: [{ name: "app", resources: { limits } }, { name: "more" }] } });
  assert.equal((await planned(limited, "endoscope:1")).readOnly, true);
});

Deno.test("EphemeralWay.plan() gives up what is only wanted where admission takes it away, and refuses what it cannot do without", async () => {
  const none = { capabilities: { drop: ["ALL"] } };
  const { profile } = await planned(pod("web"), "endoscope:1", { wanted: ["NET_RAW"] }, none);
  assert.deepEqual(profile.capabilities, []);
  await assert.rejects(planned(pod("web"), "endoscope:1", { capabilities: ["NET_RAW"] }, none), {
    kind: "denied",
    message: 'Cannot add an ephemeral container to pod "shop/web" as root with NET_RAW: the cluster\'s admission ' +
      "changes its rights",
    hint: "use --via node, or have scope's containers left alone (the capabilities lack NET_RAW)",
  });
});
