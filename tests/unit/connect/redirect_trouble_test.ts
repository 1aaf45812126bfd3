import assert from "node:assert/strict";
import { redirectTrouble } from "../../../src/connect/redirect_trouble.ts";
import { refusal } from "../../../src/manager/server/refusal.ts";
import type { Target } from "../../../src/target.ts";

const container = { name: "main", id: "abc" };
const target: Target = {
  ...{ namespace: "shop", pod: "proxy", uid: "1", node: "here", ips: [], hostNetwork: false },
  ...{ container, containers: [container] },
};

Deno.test("redirectTrouble() says of a pod in its node's network what is said where a cluster is asked", () => {
  const refused = refusal("NODE_NETWORK", "it has the network of its node");
  const error = redirectTrouble(refused, target);
  assert.equal(error?.kind, "usage");
  assert.equal(error.message, 'Cannot redirect pod "shop/proxy": it has the network of its node');
  assert.match(error.hint ?? "", /choose a pod with a network of its own/);
});
