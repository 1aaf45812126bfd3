import assert from "node:assert/strict";
import { describeHierarchies, parseHierarchies } from "../../cluster/cgroups.ts";

const VERSION_1 = `proc /proc proc rw,relatime 0 0
tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,release_agent=/lib/agent,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`;

Deno.test("parseHierarchies() finds the controllers of version 1 among the mount options", () => {
  assert.deepEqual(parseHierarchies(VERSION_1), [
    { path: "/sys/fs/cgroup/cpu,cpuacct", controllers: "cpu,cpuacct" },
    { path: "/sys/fs/cgroup/systemd", controllers: "name=systemd" },
  ]);
});

Deno.test("parseHierarchies() finds the one hierarchy of version 2", () => {
  assert.deepEqual(parseHierarchies("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n"), [
    { path: "/sys/fs/cgroup", controllers: undefined },
  ]);
});

Deno.test("describeHierarchies() is what a node's first process mounts", () => {
  assert.equal(describeHierarchies(parseHierarchies(VERSION_1)), "cpu,cpuacct:cpu,cpuacct systemd:name=systemd");
  assert.equal(describeHierarchies([{ path: "/sys/fs/cgroup", controllers: undefined }]), "");
});
