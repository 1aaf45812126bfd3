import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { ScopeError } from "../../../src/errors.ts";
import type { ExecRequest } from "../../../src/kube/rest.ts";
import { type Answer, apiServer, clusterAt, selfSigned, status } from "./api_server.ts";

const tls = "trusted", get = { method: "GET", path: "/api" } as const;

function execRequest(): ExecRequest {
  const streams = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
  return { namespace: "shop", pod: "web", container: "web", command: ["a b", "c"], onStatus() {}, ...streams };
}

async function failure(work: Promise<unknown>): Promise<ScopeError> {
  const error = await work.then(() => undefined, (error) => error);
  assert.ok(error instanceof ScopeError, `${error}`);
  return error;
}

Deno.test("a server that others trust, but not the kubeconfig, is asked nothing", async () => {
  const before = Deno.env.get("DENO_CERT"), file = Deno.makeTempFileSync();
  await using server = await apiServer(() => ({ status: 200, body: {} }), { tls });
  try {
    Deno.copyFileSync(`${server.directory}/server.crt`, file);
    Deno.env.set("DENO_CERT", file);
    const wrong = clusterAt(server.directory, server.cluster.server, { authority: selfSigned().cert });
    const { kind, message } = await failure(wrong.request("ask", get));
    assert.deepEqual([kind, message], ["unreachable", "Cannot ask: the API server's certificate is not trusted"]);
    const exec = wrong.call("connect", () => wrong.exec(execRequest()), { repeat: "never" });
    assert.match((await failure(exec)).message, /^Cannot connect: the API server's certificate is not trusted/);
    assert.deepEqual(server.asked, []);
    assert.equal(Deno.env.get("DENO_CERT"), file);
  } finally {
    if (before === undefined) Deno.env.delete("DENO_CERT");
    else Deno.env.set("DENO_CERT", before);
    Deno.removeSync(file);
  }
});

Deno.test("a plain kubeconfig is served by Deno itself, with the kubeconfig's token", async () => {
  await using server = await apiServer((method, _path, body, headers) => ({
    status: 200,
    body: { method, body, token: headers.authorization, agent: headers["user-agent"], type: headers["content-type"] },
  }), { tls });
  const answer = await server.cluster.request<Record<string, string>>("ask", {
    ...{ method: "PATCH", path: "/api", query: { dryRun: "All" }, body: { a: 1 } },
  });
  const { agent, ...rest } = answer;
  assert.match(agent!, /^Deno\//);
  const type = "application/strategic-merge-patch+json";
  assert.deepEqual(rest, { method: "PATCH", body: '{"a":1}', token: "Bearer token", type });
  assert.deepEqual(server.asked, ["PATCH /api?dryRun=All"]);
});

Deno.test("a refusal by the API server is told in its words", async () => {
  await using server = await apiServer(() => status(404, "NotFound", 'pods "x" not found'), { tls });
  const { kind, message } = await failure(server.cluster.request("ask", get));
  assert.deepEqual([kind, message], ["notFound", 'Cannot ask: pods "x" not found']);
});

Deno.test("where nobody listens, the client library says why", async () => {
  const gone = await apiServer(() => ({ status: 200, body: {} }), { tls });
  const directory = Deno.makeTempDirSync(), { cluster } = gone;
  await gone[Symbol.asyncDispose]();
  try {
    const there = clusterAt(directory, cluster.server, { authority: selfSigned().cert });
    const { message, hint } = await failure(there.request("ask", get));
    assert.equal(message, "Cannot ask: the API server does not answer");
    assert.match(hint!, /ECONNREFUSED/);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a refused exec is told in the API server's words", async () => {
  await using server = await apiServer(() => status(500, "InternalError", "error dialing backend"), { tls });
  const { message } = await failure(
    server.cluster.call("connect", () => server.cluster.exec(execRequest()), { repeat: "never" }),
  );
  assert.equal(message, "Cannot connect: the API server answered 500, error dialing backend");
  const query = "stdin=true&stdout=true&stderr=true&tty=false&container=web&command=a+b&command=c";
  assert.equal(server.asked[0], `GET /api/v1/namespaces/shop/pods/web/exec?${query}`);
});

/** Lets the clock of this process be ahead, as after a time without answers. */
function later(ms: number): Disposable {
  const { now } = Date;
  Date.now = () => now() + ms;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}

Deno.test("a request that gets no answer by a connection that has rested is sent again by a new one", async () => {
  const silent = Promise.withResolvers<Answer>();
  let asked = 0;
  await using server = await apiServer(async () => {
    asked += 1;
    return asked === 2 ? await silent.promise : { status: 200, body: { asked } };
  }, { tls });
  assert.deepEqual(await server.cluster.request("ask", get), { asked: 1 });
  {
    using _clock = later(10_000);
    assert.deepEqual(await server.cluster.request("ask", get), { asked: 3 });
  }
  silent.resolve({ status: 200, body: {} });
});

Deno.test("after a minute a new connection is made at once, also for what changes something", async () => {
  await using server = await apiServer(() => ({ status: 200, body: {} }), { tls });
  await server.cluster.request("ask", get);
  const before = server.connections();
  await server.cluster.request("ask", get);
  assert.equal(server.connections(), before);
  using _clock = later(61_000);
  await server.cluster.request("change", { method: "POST", path: "/api", body: {} });
  assert.equal(server.connections(), before + 1);
});
