import assert from "node:assert/strict";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import type { SecurityProfile } from "../../../src/connect/security_profile.ts";
import { profilesFor, profileText, targetUser } from "../../../src/connect/security_profile.ts";

type Security = Readonly<Record<string, unknown>>;

/** Makes a pod with one container; `user` is the user in its status. */
function podOf(
  { security = {}, pod = {}, user }: { security?: Security; pod?: Security; user?: [number, number] },
): V1Pod {
  return {
    metadata: { name: "web", namespace: "shop" },
    spec: { securityContext: pod, containers: [{ name: "app", securityContext: security }] },
    status: {
      containerStatuses: [{
        ...{ name: "app", image: "app:1", imageID: "", ready: true, restartCount: 0 },
        ...(user === undefined ? {} : { user: { linux: { uid: user[0], gid: user[1] } } }),
      }],
    },
  };
}

const root = podOf({ user: [0, 0] }), other = podOf({ user: [65532, 65533] }), unknown = podOf({});
const own: SecurityProfile = { uid: 65532, gid: 65533, capabilities: [], confinedAsTarget: false };
const rootWith = (...capabilities: SecurityProfile["capabilities"]): SecurityProfile => ({
  uid: 0,
  gid: 0,
  capabilities,
  confinedAsTarget: false,
});

Deno.test("profilesFor() takes the target's own user where no capability is needed", () => {
  assert.deepEqual(profilesFor(other, "app", {}), [own]);
  assert.deepEqual(profilesFor(other, "app", { files: true }), [own]);
  assert.deepEqual(profilesFor(root, "app", {}), [rootWith()]);
  assert.deepEqual(profilesFor(unknown, "app", {}), [{ capabilities: [], confinedAsTarget: false }]);
});

Deno.test("profilesFor() traces a root target with SYS_PTRACE, as it has capabilities of its own", () => {
  assert.deepEqual(profilesFor(root, "app", { files: true }), [rootWith("SYS_PTRACE")]);
});

Deno.test("profilesFor() may do with files what a root target may, and no more", () => {
  assert.deepEqual(profilesFor(root, "app", { files: "all" }), [
    rootWith("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SYS_PTRACE"),
  ]);
  const bare = podOf({ user: [0, 0], security: { capabilities: { drop: ["ALL"] } } });
  assert.deepEqual(profilesFor(bare, "app", { files: "all" }), [rootWith("SYS_PTRACE")]);
  assert.deepEqual(profilesFor(other, "app", { files: "all" }), [own]);
});

Deno.test("profilesFor() gives up files that are only wanted", () => {
  assert.deepEqual(profilesFor(root, "app", { files: "wanted" }), [rootWith("SYS_PTRACE"), rootWith()]);
  assert.deepEqual(profilesFor(other, "app", { files: "wanted" }), [own]);
});

Deno.test("profilesFor() is root where a capability is needed", () => {
  assert.deepEqual(profilesFor(other, "app", { capabilities: ["NET_RAW"] }), [rootWith("NET_RAW")]);
});

Deno.test("profilesFor() can stop and read another user's process from root", () => {
  const all = ["DAC_OVERRIDE", "KILL", "NET_RAW", "SYS_PTRACE"] as const;
  assert.deepEqual(profilesFor(other, "app", { capabilities: ["NET_RAW"], files: true }), [rootWith(...all)]);
  assert.deepEqual(profilesFor(unknown, "app", { files: true }), [rootWith("DAC_OVERRIDE", "KILL", "SYS_PTRACE")]);
});

Deno.test("profilesFor() asks for wanted capabilities first, and does without them", () => {
  assert.deepEqual(profilesFor(other, "app", { wanted: ["NET_RAW"] }), [rootWith("NET_RAW"), own]);
});

Deno.test("profilesFor() is the target's own user without capabilities for what its runtime lets in", () => {
  assert.deepEqual(profilesFor(other, "app", { inside: true }), [{ ...own, noMoreCapabilities: true }]);
  const root = podOf({ user: [0, 0], security: { capabilities: { add: ["ALL"] } } });
  assert.deepEqual(profilesFor(root, "app", { inside: true }), [
    { uid: 0, gid: 0, capabilities: [], confinedAsTarget: false, noMoreCapabilities: true },
  ]);
  // With an unknown user it is unknown which processes' descriptors it could open.
  assert.equal(profilesFor(unknown, "app", { inside: true })[0]?.confinedAsTarget, true);
  const half = podOf({ security: { runAsUser: 7 } });
  assert.equal(profilesFor(half, "app", { inside: true })[0]?.confinedAsTarget, true);
});

Deno.test("profilesFor() grants inside all that the target may have, to drop the rest", () => {
  const [profile] = profilesFor(
    podOf({ security: { capabilities: { drop: ["ALL"], add: ["CAP_NET_ADMIN"] } } }),
    "app",
    {
      inside: "other",
    },
  );
  const added = ["KILL", "SETGID", "SETUID", "SETPCAP", "NET_ADMIN", "SYS_CHROOT", "SYS_PTRACE"] as const;
  assert.deepEqual(profile, { uid: 0, gid: 0, capabilities: added, confinedAsTarget: true });
  const [plain] = profilesFor(podOf({ security: { capabilities: { drop: ["net_raw"] } } }), "app", { inside: "other" });
  assert.equal(plain?.capabilities.includes("NET_RAW"), false);
  assert.equal(plain?.capabilities.includes("MKNOD"), true);
  assert.equal(plain?.capabilities.includes("SYS_ADMIN"), false);
  const [all] = profilesFor(podOf({ security: { capabilities: { add: ["ALL"] } } }), "app", { inside: "other" });
  assert.equal(all?.capabilities.length, 41);
});

Deno.test("targetUser() believes the kubelet, then the container, then the pod", () => {
  const security = { runAsUser: 1, runAsGroup: 2 }, pod = { runAsUser: 3, runAsGroup: 4 };
  assert.deepEqual(targetUser(podOf({ security, pod, user: [5, 6] }), "app"), { uid: 5, gid: 6 });
  assert.deepEqual(targetUser(podOf({ security, pod }), "app"), { uid: 1, gid: 2 });
  assert.deepEqual(targetUser(podOf({ pod }), "app"), { uid: 3, gid: 4 });
  assert.deepEqual(targetUser(podOf({ security: { runAsUser: 0 }, pod }), "app"), { uid: 0, gid: 4 });
  assert.deepEqual(targetUser(unknown, "app"), {});
});

Deno.test("profileText() says who, and with what", () => {
  assert.equal(profileText(own), "user 65532 without capabilities");
  assert.equal(profileText(rootWith("NET_RAW", "SYS_PTRACE")), "root with NET_RAW, SYS_PTRACE");
  assert.equal(profileText({ capabilities: [] }), "the image's user without capabilities");
});
