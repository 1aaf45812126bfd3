#!/bin/sh
# Process 1 of a node, in its own network, mount, pid, cgroup, UTS and IPC namespaces. Builds the file system view of a
# machine, starts the node's programs, and reaps their orphans until all have ended.
#   NODE     the node's name                    DIRECTORY   its directory on the host's disk
#   LOGS     the directory of the logs             CGROUPS  "directory:controllers ..." of cgroup v1, empty for v2
# DIRECTORY/argv lists the programs to start besides containerd: one argument per line, an empty line after each program.
# A line on stdin tells this script to continue.
set -eu

# The host connects the node to its bridge first; when the starting process dies meanwhile, the node ends.
read -r _ || exit 1

mount --make-rprivate /
hostname "$NODE"
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding

mount -t tmpfs -o mode=755 tmpfs /run
mount --make-shared /run
mkdir -p /run/containerd /run/netns /run/lock
mkdir -p /etc/cni/net.d /var/lib/cni /var/lib/kubelet /var/lib/containerd /var/log/pods /var/log/containers
mount -t tmpfs tmpfs /var/lib/cni
for pair in cni:/etc/cni/net.d kubelet:/var/lib/kubelet containerd:/var/lib/containerd \
  pods:/var/log/pods containers:/var/log/containers; do
  mkdir -p "$DIRECTORY/${pair%%:*}"
  mount --bind "$DIRECTORY/${pair%%:*}" "${pair#*:}"
done
mount --make-shared /var/lib/kubelet
[ ! -e /etc/resolv.conf ] || mount --bind "$DIRECTORY/resolv.conf" /etc/resolv.conf

# A new /sys shows this network namespace; it does not contain the cgroups.
mount -t sysfs sysfs /sys
if [ -n "$CGROUPS" ]; then
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for pair in $CGROUPS; do
    mkdir "/sys/fs/cgroup/${pair%%:*}"
    mount -t cgroup -o "${pair#*:}" cgroup "/sys/fs/cgroup/${pair%%:*}"
  done
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # In version 2 a group that contains processes cannot enable controllers for its children: move the node's programs to a
  # child group.
  mkdir -p /sys/fs/cgroup/init
  echo 1 >/sys/fs/cgroup/init/cgroup.procs
  read -r controllers </sys/fs/cgroup/cgroup.controllers || : # it may be empty
  for controller in $controllers; do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
  done
fi

# Killed programs leave their temporary files behind: in this directory, which is removed with the node.
TMPDIR=$DIRECTORY/tmp
mkdir -p "$TMPDIR"
export TMPDIR

start() {
  "$@" >>"$LOGS/$NODE-$1.log" 2>&1 </dev/null &
}
start containerd --config "$DIRECTORY/containerd.toml"

# The host imports the images before the kubelet starts.
read -r _ || exit 1

set --
while IFS= read -r line; do
  if [ -n "$line" ]; then
    set -- "$@" "$line"
  else
    start "$@"
    set --
  fi
done <"$DIRECTORY/argv"

# `wait` reaps all children, including the shims that containerd leaves behind.
wait
