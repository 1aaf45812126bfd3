import assert from "node:assert/strict";
import { changedPod, changedRights, isReadOnly } from "../../../src/connect/admission.ts";
import { debugPod } from "../../../src/connect/debug_pod.ts";

const asked = {
  runAsUser: 0,
  runAsGroup: 0,
  runAsNonRoot: false,
  capabilities: { drop: ["ALL"], add: ["NET_RAW", "SYS_PTRACE"] },
  allowPrivilegeEscalation: true,
  seccompProfile: { type: "RuntimeDefault" },
};

Deno.test("changedRights() has nothing against what only confines the file system, or gives more", () => {
  assert.equal(changedRights(asked, asked, true), undefined);
  assert.equal(changedRights(asked, { ...asked, readOnlyRootFilesystem: true }, true), undefined);
  assert.equal(changedRights(asked, { ...asked, capabilities: { drop: ["ALL"], add: ["ALL"] } }), undefined);
  assert.equal(changedRights(asked, { ...asked, allowPrivilegeEscalation: false }), undefined);
  assert.equal(changedRights({ capabilities: { drop: ["ALL"] } }, { runAsUser: 1000 }), undefined);
  const user = { runAsUser: 65532, runAsNonRoot: true };
  assert.equal(changedRights(user, user), undefined);
});

Deno.test("changedRights() tells each change of what was asked for", () => {
  const told = (changes: object, exactly = false) => changedRights(asked, { ...asked, ...changes }, exactly);
  assert.equal(told({ runAsUser: 1000 }), "runAsUser is 1000, not 0");
  assert.equal(told({ runAsNonRoot: true }), "runAsNonRoot is true, not false");
  assert.equal(told({ capabilities: { drop: ["ALL"] } }), "the capabilities lack NET_RAW, SYS_PTRACE");
  assert.equal(
    told({ capabilities: { ...asked.capabilities, drop: ["ALL", "NET_RAW"] }, runAsGroup: 7 }),
    "runAsGroup is 7, not 0; the capabilities lack NET_RAW",
  );
  assert.equal(told({ allowPrivilegeEscalation: false }, true), "allowPrivilegeEscalation is false, not true");
  assert.equal(told({ seccompProfile: undefined }, true), 'seccompProfile is missing, not {"type":"RuntimeDefault"}');
  assert.match(changedRights(asked, undefined) ?? "", /^runAsUser is missing, not 0; /);
});

Deno.test("changedPod() wants a debug pod privileged and in the node's namespaces", () => {
  const pod = () => debugPod({ namespace: "shop", node: "n", image: "i", regcred: "", pullPolicy: "IfNotPresent" });
  const [changed, readOnly] = [pod(), pod()];
  assert.equal(changedPod(pod(), pod()), undefined);
  changed.spec!.hostPID = false;
  changed.spec!.containers[0]!.securityContext!.privileged = false;
  assert.equal(changedPod(pod(), changed), "hostPID is not true; privileged is false, not true");
  readOnly.spec!.containers[0]!.securityContext!.readOnlyRootFilesystem = true;
  assert.deepEqual([changedPod(pod(), readOnly), isReadOnly(readOnly), isReadOnly(pod())], [undefined, true, false]);
});
