import assert from "node:assert/strict";
import type { EphemeralContainerSeen } from "../../../../src/event.ts";
import { endedLine, ephemeralTable } from "../../../../src/features/pods/ephemeral_text.ts";

const common = {
  ...{ time: "2026-01-01T12:00:00.000Z", name: "scope-1", pod: "web", namespace: "shop", node: "node1" },
  ...{ image: "endoscope:1", rights: "root with NET_RAW" },
};
const seen: EphemeralContainerSeen = {
  ...{ ...common, type: "list.ephemeral-container", status: "Running", version: "0.2.0" },
  started: "2026-01-01T11:58:00.000Z",
};

Deno.test("ephemeralTable() shows who runs since when, and who waits", () => {
  const { started: _started, ...waiting } = seen;
  assert.deepEqual(ephemeralTable([seen, { ...waiting, status: "ErrImagePull" }], Infinity, false), [
    "NAMESPACE  POD  CONTAINER  NODE   STATUS        RIGHTS             IMAGE        AGE",
    "shop       web  scope-1    node1  Running       root with NET_RAW  endoscope:1  2m",
    "shop       web  scope-1    node1  ErrImagePull  root with NET_RAW  endoscope:1  -",
  ]);
  assert.deepEqual(ephemeralTable([], Infinity, false), []);
});

Deno.test("endedLine() says which has ended, and drives no terminal", () => {
  assert.equal(endedLine({ ...common, type: "cleanup.ended" }), "shop/web:scope-1 on node1: ended");
  // deno-lint-ignore no-control-regex -- the test searches for it
  assert.doesNotMatch(endedLine({ ...common, pod: "\x1b[2J", type: "cleanup.ended" }), /\x1b/);
});
