import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import { translate } from "../../../src/kube/translate.ts";
import { toTarget } from "../../../src/kube/pods.ts";
import { obstacleFor, policyOf, refusedProfile } from "../../../src/connect/refusal.ts";
import type { SecurityProfile } from "../../../src/connect/security_profile.ts";
import { containerStatus, deleted, pod } from "../kube/pod.ts";

const web = pod("web");
const raw: SecurityProfile = { uid: 0, gid: 0, capabilities: ["NET_RAW"], confinedAsTarget: false };
// Message of the API server.
const violation =
  'pods "web" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container ' +
  '"scope-test" must not include "NET_RAW" in securityContext.capabilities.add)';
const forbidden = (message: string) =>
  translate('add an ephemeral container to pod "shop/web"', { code: 403, body: { message } });

Deno.test("obstacleFor() has nothing against a pod whose container runs", () => {
  assert.equal(obstacleFor(web, toTarget(web, undefined)), undefined);
});

Deno.test("obstacleFor() refuses a static pod, of which the API server has a mirror only", () => {
  const mirror = pod("web", { metadata: { annotations: { "kubernetes.io/config.mirror": "3f3f" } } });
  const error = obstacleFor(mirror, toTarget(mirror, undefined));
  assert.equal(error?.message, 'Pod "shop/web" is a static pod, which can have no ephemeral container');
  assert.deepEqual([error?.kind, error?.hint], ["unreachable", "use --via node"]);
});

Deno.test("obstacleFor() refuses a container that does not run, as there is no pid namespace to share", () => {
  const crashing = pod("web", {
    status: { containerStatuses: [{ ...containerStatus("app"), state: { waiting: {} } }] },
  });
  const error = obstacleFor(crashing, toTarget(crashing, undefined));
  assert.equal(error?.message, 'Container "app" of pod "shop/web" does not run');
});

Deno.test("obstacleFor() refuses a pod that is being deleted, whose kubelet starts nothing more", () => {
  const going = pod("web", deleted), error = obstacleFor(going, toTarget(going, undefined));
  assert.equal(error?.message, 'Pod "shop/web" is being deleted, and starts no ephemeral container any more');
  assert.deepEqual([error?.kind, error?.hint], ["unreachable", "use --via node"]);
});

Deno.test("refusedProfile() says which rights Pod Security forbids, and policyOf() why", () => {
  const error = refusedProfile(forbidden(violation), web, raw);
  assert.equal(
    error.message,
    'Cannot add an ephemeral container to pod "shop/web": Pod Security forbids root with NET_RAW in this namespace',
  );
  assert.equal(error.kind, "denied");
  assert.match(
    policyOf(error) ?? "",
    /^Pod Security "baseline:latest": non-default capabilities \(container .*"NET_RAW"/,
  );
});

Deno.test("refusedProfile() leaves all else as it is", () => {
  const error = new ScopeError("unreachable", "Cannot add");
  assert.equal(refusedProfile(error, web, raw), error);
  const lacking = forbidden(
    'pods "web" is forbidden: User "eve" cannot patch resource "pods/ephemeralcontainers" in API group "" in the ' +
      'namespace "shop"',
  );
  assert.equal(refusedProfile(lacking, web, raw), lacking);
  assert.deepEqual(lacking.missing?.map(({ verb, resource }) => `${verb} ${resource}`), [
    "patch pods/ephemeralcontainers",
  ]);
  const expired = translate("add", { code: 401, body: {} });
  assert.equal(refusedProfile(expired, web, raw), expired);
});
