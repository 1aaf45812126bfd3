import assert from "node:assert/strict";
import type { V1EphemeralContainer, V1Pod } from "../../../src/kube/cluster.ts";
import { version } from "../../../src/version.ts";
import { ephemeralContainer, findUsable, merged, scopeContainers } from "../../../src/connect/ephemeral_container.ts";
import type { SecurityProfile } from "../../../src/connect/security_profile.ts";

const image = "registry.example/endoscope:1";
const own: SecurityProfile = { uid: 65532, gid: 65533, capabilities: [], confinedAsTarget: false };
const root: SecurityProfile = { uid: 0, gid: 0, capabilities: ["NET_RAW", "SYS_PTRACE"], confinedAsTarget: false };
const inside: SecurityProfile = { uid: 0, gid: 0, capabilities: ["SYS_CHROOT"], confinedAsTarget: true };

const pod: V1Pod = {
  metadata: { name: "web", namespace: "shop" },
  spec: {
    securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "web.json" } },
    containers: [{
      name: "app",
      securityContext: { seLinuxOptions: { level: "s0:c1" } },
      volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "conf", mountPath: "/etc/app", subPath: "app" }],
    }],
  },
};

function containerOf(
  profile: SecurityProfile,
  more: { volumes?: boolean; name?: string; readOnly?: boolean } = {},
): V1EphemeralContainer {
  return ephemeralContainer(pod, {
    ...{ name: "scope-1", target: "app", image, pullPolicy: "IfNotPresent", profile, volumes: false },
    ...more,
  });
}

Deno.test("ephemeralContainer() is the target's own user, as Pod Security restricted wants it", () => {
  assert.deepEqual(containerOf(own), {
    name: "scope-1",
    image,
    imagePullPolicy: "IfNotPresent",
    targetContainerName: "app",
    args: ["--shared-namespaces"],
    env: [{ name: "SCOPE_VERSION", value: version }],
    securityContext: {
      runAsUser: 65532,
      runAsGroup: 65533,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      allowPrivilegeEscalation: false,
      seccompProfile: { type: "RuntimeDefault" },
      seLinuxOptions: { level: "s0:c1" },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
  });
});

Deno.test("ephemeralContainer() with a read-only root keeps what it must write in memory, and a user's own elsewhere than root's", () => {
  const added = (profile: SecurityProfile) => {
    const { env = [], securityContext } = containerOf(profile, { readOnly: true });
    assert.equal(securityContext?.readOnlyRootFilesystem, true);
    return env.slice(1).map(({ name, value }) => `${name}=${value}`);
  };
  assert.deepEqual(added(root), ["SCOPE_SCRATCH=/dev/scope", "TMPDIR=/dev/scope"]);
  assert.deepEqual(added(own), ["SCOPE_SCRATCH=/dev/shm/scope-1"]);
});

Deno.test("ephemeralContainer() is root with just the capabilities needed, whatever the pod says", () => {
  const { securityContext } = containerOf(root);
  assert.equal(securityContext?.runAsUser, 0);
  assert.equal(securityContext?.runAsNonRoot, false);
  assert.deepEqual(securityContext?.capabilities, { drop: ["ALL"], add: ["NET_RAW", "SYS_PTRACE"] });
  assert.equal(securityContext?.privileged, undefined);
});

Deno.test("ephemeralContainer() is confined as the target is where the shape says so", () => {
  const { securityContext } = containerOf(inside);
  assert.equal(securityContext?.allowPrivilegeEscalation, true);
  assert.deepEqual(securityContext?.seccompProfile, { type: "Localhost", localhostProfile: "web.json" });
});

Deno.test("ephemeralContainer() takes the target's volumes, but for those with a subPath", () => {
  assert.deepEqual(containerOf(own, { volumes: true }).volumeMounts, [{ name: "data", mountPath: "/data" }]);
  assert.equal(containerOf(own).volumeMounts, undefined);
});

/** Makes a pod with these ephemeral containers, of which those named in `running` run. */
function withContainers(containers: V1EphemeralContainer[], running = containers.map(({ name }) => name)): V1Pod {
  const base = { image, imageID: "", ready: false, restartCount: 0 };
  return {
    ...pod,
    spec: { ...pod.spec!, ephemeralContainers: containers },
    status: {
      ephemeralContainerStatuses: containers.map(({ name }) => ({
        ...base,
        name,
        state: running.includes(name) ? { running: {} } : { terminated: { exitCode: 0 } },
      })),
    },
  };
}

const wanted = { target: "app", images: [image], profile: own, volumes: false };

Deno.test("findUsable() finds the one that runs, and none that has ended", () => {
  const both = [containerOf(own, { name: "scope-1" }), containerOf(own, { name: "scope-2" })];
  assert.equal(findUsable(withContainers(both, ["scope-2"]), wanted)?.spec.name, "scope-2");
  assert.equal(findUsable(withContainers(both, []), wanted), undefined);
});

Deno.test("findUsable() wants image, version, target and user as needed", () => {
  const usable = (container: V1EphemeralContainer) => findUsable(withContainers([container]), wanted) !== undefined;
  assert.equal(usable(containerOf(own)), true);
  assert.equal(usable({ ...containerOf(own), image: "other:1" }), false);
  assert.equal(usable({ ...containerOf(own), targetContainerName: "other" }), false);
  assert.equal(usable({ ...containerOf(own), env: [{ name: "SCOPE_VERSION", value: "0.0.1" }] }), false);
  assert.equal(usable(containerOf(root)), false);
});

Deno.test("findUsable() wants no capability less, and takes one more", () => {
  const needs = (...capabilities: SecurityProfile["capabilities"]) =>
    findUsable(withContainers([containerOf(root)]), { ...wanted, profile: { ...root, capabilities } }) !== undefined;
  assert.equal(needs("NET_RAW"), true);
  assert.equal(needs("NET_RAW", "SYS_PTRACE"), true);
  assert.equal(needs("NET_ADMIN"), false);
});

Deno.test("findUsable() takes none with a capability where a process of the target may reach what is in it", () => {
  const noMoreCapabilities: SecurityProfile = {
    uid: 0,
    gid: 0,
    capabilities: [],
    confinedAsTarget: false,
    noMoreCapabilities: true,
  };
  assert.equal(findUsable(withContainers([containerOf(root)]), { ...wanted, profile: noMoreCapabilities }), undefined);
  assert.deepEqual(
    merged(withContainers([containerOf(root)]), { ...wanted, profile: noMoreCapabilities }).profile,
    noMoreCapabilities,
  );
  assert.ok(findUsable(withContainers([containerOf(noMoreCapabilities)]), { ...wanted, profile: noMoreCapabilities }));
});

Deno.test("ephemeralContainer() keeps its socket out of a /tmp that is a volume of the pod", () => {
  const [app] = pod.spec!.containers;
  const shared = { ...pod, spec: { containers: [{ ...app!, volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] }] } };
  const options = { name: "scope-1", target: "app", image, pullPolicy: "IfNotPresent", profile: own } as const;
  const scratch = (volumes: boolean) =>
    ephemeralContainer(shared, { ...options, volumes }).env?.find(({ name }) => name === "SCOPE_SCRATCH")?.value;
  assert.deepEqual([scratch(true), scratch(false)], ["/tmp/scope-1", undefined]);
});

Deno.test("findUsable() wants the very rights of the target for what runs inside it", () => {
  const profile = { ...inside, capabilities: ["SYS_PTRACE" as const] };
  assert.equal(findUsable(withContainers([containerOf(root)]), { ...wanted, profile }), undefined);
  assert.notEqual(findUsable(withContainers([containerOf(profile)]), { ...wanted, profile }), undefined);
});

Deno.test("findUsable() wants the target's group, too", () => {
  const profile: SecurityProfile = { uid: 0, gid: 7, capabilities: [], confinedAsTarget: false };
  assert.equal(findUsable(withContainers([containerOf(root)]), { ...wanted, profile }), undefined);
  assert.notEqual(findUsable(withContainers([containerOf(profile)]), { ...wanted, profile }), undefined);
});

Deno.test("findUsable() wants volumes where they are wanted", () => {
  const plain = withContainers([containerOf(own)]), full = withContainers([containerOf(own, { volumes: true })]);
  assert.equal(findUsable(plain, { ...wanted, volumes: true }), undefined);
  assert.notEqual(findUsable(full, { ...wanted, volumes: true }), undefined);
});

Deno.test("scopeContainers() leaves out those that somebody else added", () => {
  const foreign = { name: "debugger-1", image: "busybox" };
  assert.deepEqual(scopeContainers(withContainers([foreign, containerOf(own)])).map(({ spec }) => spec.name), [
    "scope-1",
  ]);
});

Deno.test("gathered() has the rights of those that run as the same user, and replaces them", () => {
  const raw: SecurityProfile = { ...root, capabilities: ["NET_RAW"] },
    admin: SecurityProfile = { ...root, capabilities: ["NET_ADMIN"] };
  const running = withContainers([
    containerOf(raw, { name: "raw", volumes: true }),
    containerOf(own, { name: "own" }),
    { ...containerOf(raw, { name: "elsewhere" }), targetContainerName: "other" },
    { ...containerOf(raw, { name: "other-image" }), image: "other:1" },
    containerOf(inside, { name: "inside" }),
  ]);
  assert.deepEqual(merged(running, { ...wanted, profile: admin }), {
    profile: { ...root, capabilities: ["NET_ADMIN", "NET_RAW"] },
    volumes: true,
    replaces: ["raw"],
  });
  assert.deepEqual(merged(running, { ...wanted, volumes: true }), { profile: own, volumes: true, replaces: ["own"] });
  assert.deepEqual(merged(running, { ...wanted, profile: inside }).replaces, []);
  assert.deepEqual(merged(withContainers([containerOf(raw)], []), { ...wanted, profile: admin }).replaces, []);
});
