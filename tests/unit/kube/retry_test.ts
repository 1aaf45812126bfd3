import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { Attempts, isPassing, isPutOff, type Repeat, withRetries } from "../../../src/kube/retry.ts";
import { isHarmless } from "../../../src/kube/rest.ts";
import { retryAfterMs, StatusError } from "../../../src/kube/status_error.ts";
import { apiServer, status } from "./api_server.ts";

const busy = { "retry-after": "1" };
const cut = new TypeError("fetch failed", {
  cause: Object.assign(new Error("other side closed"), { code: "ECONNRESET" }),
});
const refusedConnection = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

Deno.test("isPutOff() and isPassing() tell what another attempt may mend", () => {
  for (
    const [error, putOff, passing] of [
      [new StatusError(429, ""), true, false],
      [new StatusError(429, "", busy), true, false],
      [new StatusError(503, "", busy), true, true],
      [new StatusError(503, ""), false, true],
      [new StatusError(500, "etcdserver: leader changed"), false, true],
      [new StatusError(502, "<html>"), false, true],
      [new StatusError(504, ""), false, true],
      [new StatusError(501, ""), false, false],
      [new StatusError(403, "", busy), false, false],
      [new StatusError(200, "<html>"), false, false],
      [cut, false, true],
      [refusedConnection, false, false],
      [new ScopeError("unreachable", "told", { cause: new StatusError(429, "") }), true, false],
      ["a text", false, false],
    ] as const
  ) assert.deepEqual([isPutOff(error), isPassing(error)], [putOff, passing], String(error));
});

Deno.test("retryAfterMs() reads seconds and dates", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.deepEqual(
    [undefined, "7", " 0 ", "Thu, 01 Jan 2026 00:00:10 GMT", "Wed, 31 Dec 2025 23:59:00 GMT", "soon"].map((header) =>
      retryAfterMs(header, now)
    ),
    [undefined, 7000, 0, 10_000, 0, undefined],
  );
});

Deno.test("isHarmless() is true for what changes nothing", () => {
  const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  assert.equal(isHarmless({ method: "GET", path: "/api/v1/pods" }), true);
  assert.equal(isHarmless({ method: "POST", path: reviews }), true);
  assert.equal(isHarmless({ method: "PATCH", path: "/api/v1/x", query: { dryRun: "All" } }), true);
  for (const method of ["POST", "PATCH", "DELETE"] as const) {
    assert.equal(isHarmless({ method, path: "/api/v1/namespaces/shop/pods" }), false);
  }
});

Deno.test("Attempts.waitMs() does what the server asks, for a minute at most", () => {
  const pace = { firstMs: 100, longestMs: 400 };
  const asked = (seconds: string) => new Attempts(pace).waitMs(new StatusError(503, "", { "retry-after": seconds }));
  assert.equal(asked("20"), 20_000);
  assert.equal(asked("3600"), 60_000);
});

/** Compares waits with those without jitter, which is a quarter at most. */
function assertNear(waits: (number | undefined)[], wanted: number[]): void {
  assert.equal(waits.length, wanted.length);
  waits.forEach((wait, at) => assert.ok(Math.abs(wait! - wanted[at]!) <= wanted[at]! / 4, `${waits}`));
}

const error = (kind: ScopeError["kind"]) => new ScopeError(kind, "no");

Deno.test("Attempts wait twice as long each time, up to a limit, and from anew after a success", () => {
  const attempts = new Attempts({ firstMs: 100, longestMs: 300 }), lost = error("unreachable");
  assertNear([1, 2, 3, 4].map(() => attempts.failed(lost)), [100, 200, 300, 300]);
  attempts.answered();
  assertNear([attempts.failed(lost)], [300]);
  attempts.succeeded();
  assertNear([attempts.failed(error("timeout"))], [100]);
});

Deno.test("Attempts wait as long as the server asks for", () => {
  const attempts = new Attempts({ firstMs: 100, longestMs: 300 });
  const asked = new ScopeError("unreachable", "busy", { cause: new StatusError(429, "", { "retry-after": "9" }) });
  assert.equal(attempts.failed(asked), 9000);
});

Deno.test("Attempts end where another would fail as well; a refusal may pass of what has worked", () => {
  const fresh = new Attempts({ firstMs: 100, longestMs: 300 });
  for (const kind of ["denied", "usage", "notFound", "bug"] as const) {
    assert.equal(fresh.failed(error(kind)), undefined);
  }
  assert.equal(fresh.failed(new Error("unknown")), undefined);
  fresh.succeeded();
  assertNear([fresh.failed(error("denied"))], [100]);
  const logs = new Attempts({ firstMs: 100, longestMs: 300 }, ["usage"]);
  assert.deepEqual([logs.mayRecover(error("usage")), logs.mayRecover(error("unreachable"))], [true, false]);
});

/** Makes a request that fails in these ways, in order, and then succeeds; returns the number of attempts, and the result. */
async function tried(failures: unknown[], repeat: Repeat, limitMs = 60_000): Promise<[number, unknown]> {
  let attempts = 0;
  const attempt = () => {
    const failure = failures[attempts++];
    return failure === undefined ? Promise.resolve("done") : Promise.reject(failure);
  };
  const signal = new AbortController().signal;
  const ended = await withRetries(attempt, { repeat, limitMs, signal, again() {} }).catch((error) => error);
  return [attempts, ended];
}

Deno.test("patiently() sends again what is harmless, and else only what was refused before anything was done", async () => {
  const putOff = new StatusError(503, "", { "retry-after": "0" }), failed = new StatusError(500, "");
  const forbidden = new StatusError(403, "");
  const found = await Promise.all([
    tried([putOff, failed, cut], "always"),
    tried([putOff], "refused"),
    tried([failed], "refused"),
    tried([cut], "refused"),
    tried([putOff], "never"),
    tried([forbidden], "always"),
    tried([refusedConnection], "always"),
  ]);
  assert.deepEqual(found, [
    [4, "done"],
    [2, "done"],
    [1, failed],
    [1, cut],
    [1, putOff],
    [1, forbidden],
    [1, refusedConnection],
  ]);
});

Deno.test("patiently() does not wait longer than its limit, and says why it failed", async () => {
  const later = new StatusError(429, "", { "retry-after": "61" });
  assert.deepEqual(await tried([later], "refused"), [1, later]);
});

Deno.test("A request that is put off is sent again in its time, which is explained", async () => {
  let refusals = 2;
  const explained: string[] = [];
  await using api = await apiServer(
    () =>
      refusals-- > 0
        ? { ...status(429, "TooManyRequests", "too many requests"), headers: busy }
        : { status: 201, body: { kind: "Pod" } },
    { detail: (text) => void explained.push(text) },
  );
  const begin = performance.now();
  const request = { method: "POST", path: "/api/v1/namespaces/shop/pods", body: {} } as const;
  assert.deepEqual(await api.cluster.request("create a pod", request), { kind: "Pod" });
  assert.ok(performance.now() - begin > 1990, "it has waited twice for a second");
  assert.equal(api.asked.length, 3);
  const words = "trying again in 1.0 s: Cannot create a pod: the API server answered 429, too many requests";
  assert.deepEqual(explained, [words, words]);
});

Deno.test("A request that is put off on and on fails with the last refusal, within --timeout", async () => {
  const answer = { ...status(503, "ServiceUnavailable", "apiserver is shutting down"), headers: busy };
  await using api = await apiServer(() => answer, { timeoutMs: 1500 });
  const begin = performance.now();
  await assert.rejects(api.cluster.request("list pods", { method: "GET", path: "/api/v1/pods" }), {
    kind: "unreachable",
    message: "Cannot list pods: the API server answered 503, apiserver is shutting down",
  });
  assert.ok(performance.now() - begin < 1500);
  assert.equal(api.asked.length, 2);
});

Deno.test("A request that waits for another attempt ends with the interrupt, and is not sent again", async () => {
  const stop = new AbortController();
  const answer = { status: 429, body: "", headers: busy };
  await using api = await apiServer(() => answer, {
    signal: stop.signal,
    detail: () => stop.abort(new Error("Ctrl-C")),
  });
  const request = { method: "POST", path: "/api/v1/namespaces/shop/pods", body: {} } as const;
  await assert.rejects(api.cluster.request("create a pod", request), { message: "Ctrl-C" });
  await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than the server asked to wait
  assert.equal(api.asked.length, 1);
});
