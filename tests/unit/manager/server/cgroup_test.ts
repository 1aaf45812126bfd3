import assert from "node:assert/strict";
import { isInAnyContainer, isInContainer, isInPod } from "../../../../src/manager/server/cgroup.ts";

const directory = new URL("../../../testdata/cgroup/", import.meta.url);

// v1_cgroupfs_containerd is captured from a pod on a real node; the others are written after the documentation of drivers
// that the project does not run.
const real = {
  uid: "a68269be-5fc4-4c68-8f3a-7ca2f6b1210b",
  id: "f3db7a55e5e533f0b08f895920f99d771fb45c4cfbef616462e6534759733560",
};
const uid = "5f0c1d2e-3a4b-4c5d-8e6f-708192a3b4c5";
const id = "4f5e6d7c8b9a00112233445566778899aabbccddeeff00112233445566778899";
const outer = "a".repeat(64);

const files: Record<string, { uids: string[]; ids: string[] }> = {
  v1_cgroupfs_containerd: { uids: [real.uid], ids: [real.id] },
  v1_systemd_containerd: { uids: [uid], ids: [id] },
  v1_systemd_crio: { uids: [uid], ids: [id] },
  v1_systemd_docker: { uids: [uid], ids: [id] },
  v1_cgroupfs_docker: { uids: [uid], ids: [id] },
  // The kubelet uses the systemd driver and containerd does not: runc then uses systemd's three names as one directory.
  v1_mixed_drivers: { uids: [uid], ids: [id] },
  v2_cgroupfs: { uids: [uid], ids: [id] },
  v2_systemd_containerd: { uids: [uid], ids: [id] },
  v2_systemd_guaranteed: { uids: [uid], ids: [id] },
  v2_systemd_crio: { uids: [uid], ids: [id] },
  // CRI-O's monitor is not a process of the container.
  v2_systemd_crio_conmon: { uids: [uid], ids: [] },
  // Another container as seen from a manager in its own cgroup namespace.
  v2_cgroup_namespace: { uids: [uid], ids: [id] },
  v2_cgroup_namespace_systemd: { uids: [uid], ids: [id] },
  // Processes of the container may have created groups named like containers; the node may be a container, too.
  v2_nested_systemd: { uids: [uid], ids: [id] },
  v2_nested_docker: { uids: [uid], ids: [id] },
  v2_node_in_docker: { uids: [uid], ids: [id] },
  v2_init: { uids: [], ids: [] },
  v2_kubelet: { uids: [], ids: [] },
};

Deno.test("Every captured cgroup text is tested", () => {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name.replace(/\.txt$/, ""));
  assert.deepEqual(names.sort(), Object.keys(files).sort());
});

for (const [name, expected] of Object.entries(files)) {
  const text = Deno.readTextFileSync(new URL(`${name}.txt`, directory));

  Deno.test(`isInContainer() and isInPod() read ${name}`, () => {
    const ids = [id, outer, real.id, "b".repeat(64)], uids = [uid, real.uid, uid.replace("5", "6")];
    assert.deepEqual(ids.filter((one) => isInContainer(text, one)), expected.ids);
    assert.deepEqual(uids.filter((one) => isInPod(text, one)), expected.uids);
    assert.equal(isInAnyContainer(text), expected.ids.length > 0);
  });

  Deno.test(`isInContainer() and isInPod() take no part of a name for it in ${name}`, () => {
    for (const part of ["", id.slice(0, 12), id.slice(1), `x${id}`, "pids", "docker"]) {
      assert.equal(isInContainer(text, part), false, part);
    }
    for (const part of ["", uid.slice(1), uid.slice(0, 8), "burstable", "pod", uid.replaceAll("-", "")]) {
      assert.equal(isInPod(text, part), false, part);
    }
  });
}

Deno.test("isInPod() knows a static pod by the hash of its file", () => {
  const hash = "d41d8cd98f00b204e9800998ecf8427e";
  assert.ok(isInPod(`0::/kubepods/burstable/pod${hash}/${id}\n`, hash));
  assert.ok(isInPod(`0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${hash}.slice/x.scope\n`, hash));
});
