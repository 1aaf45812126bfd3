import assert from "node:assert/strict";
import { asking, commands } from "../../../src/app.ts";
import { rightText } from "../../../src/rights/access.ts";
import { permissionsOf } from "../../../src/command.ts";
import type { PermissionGroup, RightsQuery } from "../../../src/rights/permission_groups.ts";
import { podName, rightsOf } from "../../../src/rights/permission_groups.ts";
import { allRights, execRights, rightsToUse } from "../../../src/rights/rights.ts";

const plain: RightsQuery = { via: "auto", terminate: false, everywhere: false };

/** Returns the required rights as `verb resource where`. */
function least(permissions: readonly PermissionGroup[], query: Partial<RightsQuery> = {}): string[] {
  const rights = rightsOf(permissions, { ...plain, ...query }).filter(({ optional }) => !optional);
  return [...new Set(rights.map((right) => `${rightText(right)} ${right.where}`))];
}

Deno.test("Every command says what it asks the API server for", () => {
  const silent = commands.filter((command) => permissionsOf(command) === undefined).map(({ name }) => name);
  assert.deepEqual(silent, [], "give them `needs` or `permissions`: see command.ts and rights.ts");
  // Commands that connect to a target need the rights of a way.
  for (const { name, needs } of commands.filter(({ needs }) => needs !== undefined)) {
    const permissions = asking.find((one) => one.name === name)?.permissions ?? [];
    assert.ok(permissions.includes("way"), `${name} has needs (${JSON.stringify(needs)}), but does not ask for a way`);
  }
});

Deno.test("rightsOf() finds the target as the options say", () => {
  assert.deepEqual(least(["target"]), ["get pods target"]);
  assert.deepEqual(least(["target"], { pod: "web" }), ["get pods target"]);
  assert.deepEqual(least(["target"], { pod: "pod/web" }), ["get pods target"]);
  assert.deepEqual(least(["target"], { selector: "app=web" }), ["list pods target"]);
  for (
    const [kind, resource] of Object.entries({
      ...{ deploy: "deployments.apps", sts: "statefulsets.apps", ds: "daemonsets.apps", svc: "services" },
      ...{ rs: "replicasets.apps", job: "jobs.batch", rc: "replicationcontrollers" },
    })
  ) {
    assert.deepEqual(least(["target"], { pod: `${kind}/web` }), [`get ${resource} target`, "list pods target"]);
  }
});

Deno.test("rightsOf() finds the pods of a cron job by its jobs", () => {
  assert.deepEqual(least(["target"], { pod: "cj/nightly" }), [
    ...["get cronjobs.batch target", "list jobs.batch target", "list pods target"],
  ]);
});

Deno.test("rightsOf() follows pods that come and go, but not one by its name", () => {
  assert.deepEqual(least(["targets"], { pod: "web" }), ["get pods target"]);
  const all = ["list pods target", "get pods target", "watch pods target"];
  assert.deepEqual(least(["targets"], { selector: "app=web" }), all);
});

Deno.test("rightsOf() takes the ephemeral container for auto, and the debug pod where that is said", () => {
  const ephemeral = [
    ...["patch pods/ephemeralcontainers target", "list pods target", "watch pods target"],
    ...["get pods/exec target", "create pods/exec target"],
  ];
  assert.deepEqual(least(["way"]), ephemeral);
  assert.deepEqual(least(["way"], { via: "ephemeral" }), ephemeral);
  const node = [
    ...["list pods debug", "create pods debug", "watch pods debug", "get pods/exec debug", "create pods/exec debug"],
  ];
  assert.deepEqual(least(["way"], { via: "node" }), node);
  assert.deepEqual(least(["node"]), node);
  assert.deepEqual(least(["node"], { terminate: true }), [...node, "delete pods debug"]);
  assert.deepEqual(least(["way"], { via: "local" }), []);
});

Deno.test("rightsOf() has what is in all namespaces in the cluster", () => {
  assert.deepEqual(least(["list"]), ["list pods target", "list pods debug"]);
  assert.deepEqual(least(["list"], { everywhere: true }), ["list pods cluster"]);
  assert.deepEqual(least(["target"], { everywhere: true }), ["get pods target"]);
});

Deno.test("rightsToUse() has all that it takes to make something and to use it", () => {
  const texts = (...args: Parameters<typeof rightsToUse>) => rightsToUse(...args).map(rightText);
  const exec = ["get pods/exec", "create pods/exec"], follow = ["list pods", "watch pods"];
  assert.deepEqual(texts("ephemeral", "shop", "web"), ["patch pods/ephemeralcontainers", ...follow, ...exec]);
  assert.deepEqual(texts("node", "shop"), ["list pods", "create pods", "watch pods", ...exec]);
  assert.deepEqual(texts("copy", "shop"), ["create pods", ...follow]);
  assert.deepEqual(rightsToUse("ephemeral", "shop", "web")[1], {
    ...{ verb: "list", group: "", resource: "pods", namespace: "shop", name: "web" },
  });
  assert.deepEqual(execRights("shop", "web").map(rightText), exec);
});

Deno.test("podName() is the name of the one pod that is meant", () => {
  assert.equal(podName({ pod: "web" }), "web");
  assert.equal(podName({ pod: "pod/web" }), "web");
  for (const other of [{}, { pod: "deploy/web" }, { selector: "app=web" }, { pod: "no/such/thing" }]) {
    assert.equal(podName(other), undefined);
  }
});

Deno.test("No right is suggested that would give more than it says", () => {
  const resources = new Set(allRights().map(({ resource }) => resource));
  for (const resource of ["nodes/proxy", "*", "secrets", "pods/attach"]) assert.equal(resources.has(resource), false);
  assert.deepEqual(allRights().filter(({ verb }) => verb === "*"), []);
});
