import assert from "node:assert/strict";
import { accessText, permissionHint, readRefusal, rightText } from "../../../src/rights/access.ts";

const pods = { group: "", resource: "pods" }, namespace = "shop";

Deno.test("accessText() names verb, resource and place", () => {
  assert.equal(accessText({ verb: "get", ...pods, namespace }), 'get pods in namespace "shop"');
  assert.equal(accessText({ verb: "list", ...pods }), "list pods in the whole cluster");
  assert.equal(rightText({ verb: "get", group: "apps", resource: "deployments" }), "get deployments.apps");
});

Deno.test("permissionHint() says each right once, by its place, and what prints a Role with them", () => {
  const exec = { group: "", resource: "pods/exec", namespace };
  assert.equal(
    permissionHint(
      [{ verb: "get", ...exec }, { verb: "create", ...exec }, { verb: "get", ...exec }],
      "scope rbac ping",
    ),
    'ask for "get pods/exec" and "create pods/exec" in namespace "shop": scope rbac ping prints the Role',
  );
  assert.equal(
    permissionHint([{ verb: "list", ...pods, namespace }, { verb: "list", ...pods, namespace: "ops" }]),
    'ask for "list pods" in namespace "shop" and "list pods" in namespace "ops"',
  );
  assert.equal(
    permissionHint([{ verb: "list", ...pods }], "scope rbac -A list"),
    'ask for "list pods" in the whole cluster: scope rbac -A list prints the ClusterRole',
  );
});

// Messages of the API server of Kubernetes 1.36.
const user = 'User "system:serviceaccount:shop:eve"';
const refusals: [string, ReturnType<typeof readRefusal>][] = [
  [
    `pods is forbidden: ${user} cannot list resource "pods" in API group "" in the namespace "shop"`,
    { verb: "list", ...pods, namespace },
  ],
  [
    `pods "web" is forbidden: ${user} cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "shop"`,
    { verb: "patch", group: "", resource: "pods/ephemeralcontainers", namespace },
  ],
  [
    `deployments.apps "web" is forbidden: ${user} cannot get resource "deployments" in API group "apps" in the namespace "shop"`,
    { verb: "get", group: "apps", resource: "deployments", namespace },
  ],
  [
    `pods is forbidden: ${user} cannot list resource "pods" in API group "" at the cluster scope`,
    { verb: "list", ...pods },
  ],
  ['pods "web" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostPID=true)', undefined],
];

for (const [message, expected] of refusals) {
  Deno.test(`readRefusal() reads ${message.slice(0, 60)}…`, () => assert.deepEqual(readRefusal(message), expected));
}
