import assert from "node:assert/strict";
import { advised, eventInUsersWords, hintFor } from "../../../src/cli/advice.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { DoctorWay } from "../../../src/event.ts";
import { failed } from "../../../src/event.ts";
import { resolveOptions } from "../../../src/options.ts";
import { debugPod } from "../../../src/connect/debug_pod.ts";
import { apiServer, status } from "../kube/api_server.ts";
import { scope } from "../scope.ts";
import { calledBy } from "../text/called_by.ts";

const options = resolveOptions({ via: "node" });
const run = { command: "ping", options, facts: { namespace: "shop" } };
const missing = [{ verb: "create", group: "", resource: "pods", namespace: "shop" }];
const advice = 'ask for "create pods" in namespace "shop": scope -n shop --via node rbac ping prints the Role';
const lacking = new ScopeError("denied", "you are not allowed to", { missing });
const doctorWay: DoctorWay = {
  ...{ type: "doctor.way", time: "", way: "node", command: "ping", possible: false, chosen: false },
  ...{ missing: "you are not allowed to", missingRights: missing },
};

Deno.test("hintFor() is the hint of an error that lacks no rights", () => {
  assert.equal(hintFor(new ScopeError("denied", "no", { hint: "log in" }), run), "log in");
  assert.equal(hintFor(new ScopeError("denied", "no"), run), undefined);
});

Deno.test("hintFor() says which rights are missing and what prints them, before what else can be tried", () => {
  assert.equal(hintFor(lacking, run), advice);
  assert.equal(hintFor({ hint: "try another way", missing }, run), `${advice}; try another way`);
});

Deno.test("hintFor() names the namespace of the run, whatever the missing right is for", () => {
  const elsewhere = [{ verb: "list", group: "", resource: "pods", namespace: "data" }];
  const line = (facts: { namespace?: string }) => hintFor({ missing: elsewhere }, { ...run, facts })?.split(": ")[1];
  assert.equal(line({ namespace: "shop" }), "scope -n shop --via node rbac -N data ping prints the Role");
  assert.equal(line({}), "scope -n default --via node rbac -N data ping prints the Role");
});

Deno.test("advised() puts the advice into the hint of a failure and the remedy of the doctor, and keeps the rights", () => {
  const failure = failed("shop/web", lacking);
  assert.deepEqual(failure.missingRights, missing);
  assert.deepEqual(advised(failure, run), { ...failure, hint: advice });
  assert.deepEqual(advised(doctorWay, run), { ...doctorWay, remedy: advice });
});

Deno.test("advised() leaves other events as they are", () => {
  const other = { type: "redir.lost", time: "", namespace: "shop", pod: "web" } as never;
  const plain = failed("shop/web", { message: "it is gone", hint: "choose another" });
  for (const event of [other, plain]) assert.equal(advised(event, run), event);
});

Deno.test("eventInUsersWords() puts the program's name into hints and nothing else", () => {
  using _called = calledBy("kubectl scope");
  const event = failed("scope list", { message: "scope list", hint: "scope list" });
  assert.deepEqual(eventInUsersWords(event), { ...event, hint: "kubectl scope list" });
  assert.deepEqual(eventInUsersWords({ ...doctorWay, remedy: "scope list" }), {
    ...doctorWay,
    remedy: "kubectl scope list",
  });
  const other = { type: "redir.lost", time: "", namespace: "shop", pod: "web" } as never;
  assert.equal(eventInUsersWords(other), other);
});

const debugPods = [
  debugPod({ namespace: "shop", image: "endoscope:1", regcred: "", pullPolicy: "IfNotPresent", node: "node1" }),
];

/** Runs a command where the API server allows to list pods at most. */
async function refused(argv: readonly string[], mayList: boolean, env: Record<string, string> = {}) {
  await using api = await apiServer((method) => {
    if (method === "GET" && mayList) return { status: 200, body: { items: debugPods } };
    const what = `cannot ${
      method === "GET" ? "list" : "delete"
    } resource "pods" in API group "" in the namespace "shop"`;
    return status(403, "Forbidden", `pods is forbidden: User "eve" ${what}`);
  });
  return await scope(["-n", "shop", ...argv], { env: { ...env, KUBECONFIG: `${api.directory}/kubeconfig` } });
}

Deno.test("scope advises on stderr what prints the Role, called as the user calls it", async () => {
  const { code, stderr } = await refused(["list"], false, { SCOPE_CALLED_AS: "kubectl scope" });
  assert.equal(code, 77);
  const role = "kubectl scope -n shop rbac list prints the Role";
  assert.match(stderr, new RegExp(`^error: .*\nhint: ask for "list pods" in namespace "shop": ${role}\n$`));
});

Deno.test("scope advises the same in events as text and as JSON", async () => {
  const advice = 'ask for "delete pods" in namespace "shop": scope -n shop rbac cleanup prints the Role';
  const [text, json] = await Promise.all([
    refused(["cleanup", "-p", "all"], true),
    refused(["cleanup", "-p", "all", "-o", "json"], true),
  ]);
  assert.deepEqual([text.code, json.code], [1, 1]);
  assert.match(text.stdout, new RegExp(`^shop/scope-node1-.*: failed: .*you are not allowed to \\(${advice}\\)\n$`));
  const { type, hint, missingRights } = JSON.parse(json.stdout);
  assert.deepEqual([type, hint], ["failed", advice]);
  assert.deepEqual(missingRights, [{ verb: "delete", group: "", resource: "pods", namespace: "shop" }]);
});
