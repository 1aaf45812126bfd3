import assert from "node:assert/strict";
import net from "node:net";
import type { AddressInfo } from "node:net";
import type { ErrorKind } from "../../../src/errors.ts";
import { ScopeError } from "../../../src/errors.ts";
import { statusOf } from "../../../src/kube/cluster.ts";
import { StatusError } from "../../../src/kube/status_error.ts";
import { execStream } from "../../../src/kube/exec.ts";
import { podPath } from "../../../src/kube/rest.ts";
import { translate } from "../../../src/kube/translate.ts";
import type { Answer } from "./api_server.ts";
import { apiServer, clusterAt, status } from "./api_server.ts";

const rbac = 'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "shop"';
const podSecurity =
  'pods "scope-node1-0123456789" is forbidden: violates PodSecurity "restricted:latest": host namespaces ' +
  '(hostNetwork=true, hostPID=true), privileged (container "scope" must not set securityContext.privileged=true)';
const quota =
  'pods "scope-node1-0123456789" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3';
const most =
  'pods "scope-node1-0123456789" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, ' +
  "maximum memory usage per Pod is 256Mi, but limit is 1Gi]";
const ratio = 'pods "scope-node1-0123456789" is forbidden: memory max limit to request ratio per Container is 2, but ' +
  "provided ratio is 16.000000";
const limits = 'pods "scope-node1-0123456789" is forbidden: failed quota: small: must specify limits.cpu for: scope';
/** Message captured from an API server whose policy denies all ephemeral containers. */
const policy =
  "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'no-ephemeral' with binding 'no-ephemeral' denied request: no " +
  "ephemeral containers here";
/** Messages of k8s.io/apiserver's pkg/admission/plugin/webhook/errors: 400 when the webhook gives no code. */
const webhook = 'admission webhook "guard.example.com" denied the request: no privileged pods';
const silentWebhook = 'admission webhook "guard.example.com" denied the request without explanation';
const webhookLimits = 'admission webhook "guard.example.com" denied the request: you must specify limits';
const webhookPodSecurity = `admission webhook "pod-security-webhook.kubernetes.io" denied the request: ${podSecurity}`;
const taken = 'pods "scope-node1-0123456789" already exists';
const invalid = 'Pod "x" is invalid: spec.containers[0].image: Required value';

const terminating =
  'pods "web" is forbidden: unable to create new content in namespace shop because it is being terminated';
const login = "<!DOCTYPE html>\n<html><head><title>\n Sign in </title></head><body>…</body></html>";

/** A timeout for few attempts, each of which a busy machine answers in time. */
const hasty = { timeoutMs: 1000 };

const answers: [string, Answer, ErrorKind, string, RegExp | undefined][] = [
  [
    "401",
    status(401, "Unauthorized", "Unauthorized"),
    "denied",
    "the credentials are wrong or have expired",
    /--context or --kubeconfig/,
  ],
  [
    "403 of RBAC",
    status(403, "Forbidden", rbac),
    "denied",
    "you are not allowed to",
    undefined,
  ],
  [
    "403 of Pod Security",
    status(403, "Forbidden", podSecurity),
    "denied",
    "Pod Security forbids it in this namespace",
    /^give --debug-namespace NAME .*privileged=true/,
  ],
  ["403 of a quota", status(403, "Forbidden", quota), "denied", "a quota forbids it", /--debug-namespace .*pods=3/],
  [
    "403 of a LimitRange",
    status(403, "Forbidden", most),
    "denied",
    "a LimitRange forbids it",
    /--debug-namespace .*1Gi/,
  ],
  ["403 of a LimitRange's ratio", status(403, "Forbidden", ratio), "denied", "a LimitRange forbids it", /--debug-name/],
  ["403 of a quota without limits", status(403, "Forbidden", limits), "denied", "a quota forbids it", /limits\.cpu/],
  ["403 without words", { status: 403, body: "" }, "denied", "you are not allowed to", /ask for a Role/],
  ["404", status(404, "NotFound", 'pods "web" not found'), "notFound", 'pods "web" not found', /deleted meanwhile/],
  [
    "404 of something else",
    { status: 404, body: "404 page not found\n" },
    "notFound",
    "404 page not found",
    /--context/,
  ],
  [
    "400",
    status(400, "BadRequest", "unable to parse requirement: x"),
    "usage",
    "unable to parse requirement: x",
    /labels/,
  ],
  ...([
    ["422 of a ValidatingAdmissionPolicy", status(422, "Invalid", policy), policy],
    ["403 of a ValidatingAdmissionPolicy", status(403, "Forbidden", policy), policy],
    ["400 of a webhook", status(400, "BadRequest", webhook), webhook],
    ["400 of a webhook without words", status(400, "BadRequest", silentWebhook), silentWebhook],
    ["403 of a webhook about limits", status(403, "Forbidden", webhookLimits), webhookLimits],
    ["404 of a webhook", status(404, "NotFound", webhook), webhook],
    ["500 of a webhook", status(500, "InternalError", webhook), webhook],
  ] as const).map(([name, answer, words]): (typeof answers)[number] => [
    ...[name, answer, "denied", "a policy of the cluster forbids it"] as const,
    new RegExp(`^${words}$`),
  ]),
  [
    "403 of Pod Security's webhook",
    status(403, "Forbidden", webhookPodSecurity),
    "denied",
    "Pod Security forbids it in this namespace",
    /^give --debug-namespace NAME .*privileged=true/,
  ],
  [
    "400 that only speaks of a policy",
    status(400, "BadRequest", "unable to parse ValidatingAdmissionPolicy"),
    "usage",
    "unable to parse ValidatingAdmissionPolicy",
    /labels/,
  ],
  ["422", status(422, "Invalid", invalid), "usage", invalid, /--image/],
  [
    "409",
    status(409, "AlreadyExists", taken),
    "unreachable",
    `the API server answered 409, ${taken}`,
    /^run it again$/,
  ],
  [
    "500",
    status(500, "InternalError", "etcdserver: request timed out"),
    "unreachable",
    "the API server answered 500, etcdserver: request timed out",
    /run it again.*readyz/,
  ],
  ["502 of a proxy", { status: 502, body: "" }, "unreachable", "the API server answered 502", /run it again/],
  [
    "429 with a time",
    { ...status(429, "TooManyRequests", "too many requests"), headers: { "retry-after": "30" } },
    "unreachable",
    "the API server answered 429, too many requests",
    /^it asks to wait for 30 s: run it again then/,
  ],
  [
    "403 in a namespace that is being deleted",
    status(403, "Forbidden", terminating),
    "denied",
    'namespace "shop" is being deleted',
    /^give --debug-namespace NAME of one that stays \(pods "web" is forbidden: unable/,
  ],
  [
    "a login page",
    { status: 200, body: login },
    "unreachable",
    'what answers is no API server (200, a web page, titled "Sign in")',
    /^log in to the proxy before the cluster, or check the server of --context$/,
  ],
  ...[401, 403, 404].map((code): (typeof answers)[number] => [
    `${code} with a web page`,
    { status: code, body: login },
    "unreachable",
    `what answers is no API server (${code}, a web page, titled "Sign in")`,
    /^log in/,
  ]),
  [
    "503 of a proxy's web page without a title",
    { status: 503, body: "<html><body>no healthy upstream</body></html>" },
    "unreachable",
    "what answers is no API server (503, a web page)",
    /^run it again; the proxy before the cluster does not reach the API server$/,
  ],
  [
    "200 of something else",
    { status: 200, body: "It works!\n" },
    "unreachable",
    'what answers is no API server (200, "It works!")',
    /--context$/,
  ],
  [
    "400 of a server that wants TLS",
    { status: 400, body: "Client sent an HTTP request to an HTTPS server.\n" },
    "unreachable",
    'what answers is no API server (400, "Client sent an HTTP request to an HTTPS server.")',
    /--context$/,
  ],
];

for (const [name, answer, kind, message, hint] of answers) {
  Deno.test(`translate() words a real answer of ${name}`, async () => {
    await using api = await apiServer(() => answer, hasty);
    await assert.rejects(
      api.cluster.request('list pods in namespace "shop"', { method: "GET", path: podPath("shop") }),
      (error) => {
        assert.ok(error instanceof ScopeError);
        assert.deepEqual([error.kind, error.message], [kind, `Cannot list pods in namespace "shop": ${message}`]);
        if (hint === undefined) assert.equal(error.hint, undefined);
        else assert.match(error.hint ?? "", hint);
        // The status of a proxy's answer does not count as the API server's.
        const own = typeof answer.body === "object" || answer.body === "" ? answer.status : undefined;
        assert.deepEqual([statusOf(error), statusOf(error.cause)], [own, own]);
        return true;
      },
    );
    assert.deepEqual([...new Set(api.asked)], ["GET /api/v1/namespaces/shop/pods"]);
  });
}

for (
  const [code, kind, words] of [
    [403, "denied", "not allowed"],
    [404, "notFound", "no$"],
    [500, "unreachable", "the API server answered 500, no$"],
    [302, "unreachable", "what answers is no API server \\(302\\)$"],
    [400, "usage", "no$"],
  ] as const
) {
  Deno.test(`translate() words an exec that is refused with ${code}`, async () => {
    const headers = code === 302 ? { location: "https://login.example/?secret" } : undefined;
    const answer = headers === undefined ? status(code, "", "no") : { status: code, body: "", headers };
    await using api = await apiServer(() => answer);
    const running = execStream(api.cluster, { namespace: "shop", pod: "web", container: "app", command: ["true"] });
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ScopeError);
      assert.equal(error.kind, kind);
      assert.match(error.message, new RegExp(`^Cannot connect to "shop/web": .*${words}`));
      return true;
    });
    assert.match(api.asked.join(), /exec\?.*command=true/);
  });
}

for (
  const [answer, kind, message, hint] of [
    [
      status(400, "BadRequest", "Upgrade request required"),
      "unreachable",
      'a proxy before the API server takes "Upgrade" out of requests',
      /websockets/,
    ],
    [status(422, "Invalid", policy), "denied", "a policy of the cluster forbids it", /no-ephemeral/],
    [{ status: 502, body: login }, "unreachable", /^what answers is no API server \(502, a web page/, /run it again/],
    [{ status: 200, body: login }, "unreachable", /^what answers is no API server \(200, a web page/, /log in/],
  ] as const
) {
  Deno.test(`translate() words an exec that is refused with ${answer.status}, by its own words`, async () => {
    await using api = await apiServer(() => answer);
    const running = execStream(api.cluster, { namespace: "shop", pod: "web", container: "app", command: ["true"] });
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof ScopeError);
      assert.equal(error.kind, kind);
      const [start, said] = [error.message.slice(0, 30), error.message.slice(30)];
      assert.equal(start, 'Cannot connect to "shop/web": ');
      if (typeof message === "string") assert.equal(said, message);
      else assert.match(said, message);
      assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

Deno.test("translate() says where a redirect leads, without what may be secret", async () => {
  await using elsewhere = await apiServer(() => ({ status: 403, body: "log in first" }), hasty);
  const location = `${elsewhere.cluster.server}/login?state=secret`;
  await using api = await apiServer(() => ({ status: 302, body: "", headers: { location } }), hasty);
  await assert.rejects(api.cluster.request("list pods", { method: "GET", path: podPath("shop") }), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], [
      "unreachable",
      "Cannot list pods: what answers is no API server (403)",
    ]);
    assert.match(error.hint ?? "", /, which leads to http:\/\/127\.0\.0\.1:\d+\/login$/);
    return true;
  });
});

Deno.test("translate() takes an API server's answer for that, also behind a redirect", async () => {
  await using elsewhere = await apiServer(() => status(403, "Forbidden", rbac), hasty);
  const headers = { location: `${elsewhere.cluster.server}/api` };
  await using api = await apiServer(() => ({ status: 302, body: "", headers }), hasty);
  await assert.rejects(api.cluster.request("list pods", { method: "GET", path: podPath("shop") }), {
    kind: "denied",
    message: "Cannot list pods: you are not allowed to",
  });
});

/** Pod on which an exec needs its rights. */
const place = { namespace: "shop", name: "web" };

Deno.test("execStream() finds out which right a refused websocket lacks", async () => {
  const mayDo = (verb: string) => verb === "get";
  await using api = await apiServer((_method, path, body) => {
    if (!path.endsWith("/selfsubjectaccessreviews")) return { status: 403, body: "" };
    const { verb, resource, subresource, name } = JSON.parse(body).spec.resourceAttributes;
    assert.deepEqual([resource, subresource, name], ["pods", "exec", "web"]);
    return { status: 201, body: { status: { allowed: mayDo(verb) } } };
  });
  const running = execStream(api.cluster, { namespace: "shop", pod: "web", container: "app", command: ["true"] });
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], ["denied", 'Cannot connect to "shop/web": you are not allowed to']);
    assert.deepEqual(error.missing, [{ verb: "create", group: "", resource: "pods/exec", ...place }]);
    return true;
  });
});

Deno.test("execStream() names all that a websocket takes where nobody can say what is missing", async () => {
  await using api = await apiServer(() => ({ status: 403, body: "" }));
  const running = execStream(api.cluster, { namespace: "shop", pod: "web", container: "app", command: ["true"] });
  const missing = ["get", "create"].map((verb) => ({ verb, group: "", resource: "pods/exec", ...place }));
  await assert.rejects(running, { missing });
});

/** Returns the error of a call to this address. */
async function unanswered(server: string): Promise<ScopeError> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-api-" });
  try {
    const cluster = clusterAt(directory, server);
    await cluster.request("list pods", { method: "GET", path: podPath("shop") });
  } catch (error) {
    assert.ok(error instanceof ScopeError);
    return error;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
  assert.fail("it was answered");
}

/** Starts a TCP server with this connection handler; returns its port. */
async function listening(onConnection: (socket: net.Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const server = net.createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

Deno.test("translate() says that nobody answers where the connection is refused", async () => {
  const { port } = await (async () => {
    await using closed = await listening(() => {});
    return closed;
  })();
  const { kind, message, hint } = await unanswered(`http://127.0.0.1:${port}`);
  assert.deepEqual([kind, message], ["unreachable", "Cannot list pods: the API server does not answer"]);
  assert.match(hint ?? "", new RegExp(`check the cluster and --context \\(.*ECONNREFUSED.*${port}.*\\)`));
});

Deno.test("translate() says that nobody answers where the connection is cut", async () => {
  await using server = await listening((socket) => socket.destroy());
  const { kind, message } = await unanswered(`http://127.0.0.1:${server.port}`);
  assert.deepEqual([kind, message], ["unreachable", "Cannot list pods: the API server does not answer"]);
});

Deno.test("translate() says that nobody answers where there is no such host", async () => {
  const { kind, message, hint } = await unanswered("http://nowhere.invalid");
  assert.deepEqual([kind, message], ["unreachable", "Cannot list pods: the API server does not answer"]);
  assert.match(hint ?? "", /nowhere\.invalid/);
});

for (
  const [name, error, kind, words] of [
    [
      "a certificate of nobody's",
      new Error("request failed", { cause: new Error("self-signed certificate") }),
      "unreachable",
      "certificate is not trusted",
    ],
    [
      "a failing credential plugin",
      new Error("exec: executable file not found: aws-iam-authenticator"),
      "denied",
      "credential plugin failed",
    ],
    [
      "several failures, as for a host with two addresses",
      new AggregateError([
        new Error("connect ECONNREFUSED ::1:6443"),
        new Error("connect ECONNREFUSED 127.0.0.1:6443"),
      ]),
      "unreachable",
      "does not answer",
    ],
    ["nothing", undefined, "unreachable", "does not answer"],
    ["a text", "boom", "unreachable", "does not answer"],
  ] as [string, unknown, ErrorKind, string][]
) {
  Deno.test(`translate() words ${name}`, () => {
    const translated = translate("do it", error);
    assert.deepEqual([translated.kind, translated.cause], [kind, error]);
    assert.match(translated.message, new RegExp(`^Cannot do it: .*${words}`));
    assert.ok(translated.hint, "and says what to do");
  });
}

Deno.test("translate() leaves a ScopeError as it is", () => {
  const error = new ScopeError("timeout", "Too late");
  assert.equal(translate("do it", error), error);
});

Deno.test("statusOf() is nothing for the answer of a proxy, which knows nothing of what is behind it", () => {
  for (const body of ["<html>404</html>", "default backend - 404", " 404 page not found\n"]) {
    assert.equal(statusOf(new ScopeError("unreachable", "told", { cause: new StatusError(404, body) })), undefined);
  }
  assert.equal(statusOf(new StatusError(404, '{"kind":"Status"}')), 404);
  assert.equal(statusOf(new StatusError(404, "")), 404);
});

Deno.test("statusOf() is nothing for what is no answer", () => {
  assert.equal(statusOf(new Error("no")), undefined);
  assert.equal(statusOf(Object.assign(new Error("no"), { code: "ENOENT" })), undefined);
  assert.equal(statusOf(undefined), undefined);
});

Deno.test("translate() takes a refusal without a reason for a right that is missing", () => {
  const rights = [{ verb: "create", group: "", resource: "pods/exec", namespace: "shop" }];
  const body = JSON.stringify({ kind: "Status", message: 'pods "web" is forbidden: ' });
  const error = translate("connect", new StatusError(403, body), { rights });
  assert.deepEqual([error.kind, error.missing], ["denied", rights]);
});
