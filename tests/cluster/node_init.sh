#!/bin/sh
# Process 1 of a node, in network, mount, process, cgroup, host name and IPC namespaces of its own. It builds the
# file system view of a machine, starts the node's programs, and buries their orphans until they have all ended.
#   NODE     the node's name                    DIRECTORY   its directory on the host's disk
#   LOGS     the directory of the logs             CGROUPS  "directory:controllers ..." of cgroup v1, empty for v2
# DIRECTORY/argv names the programs to start beside containerd: a line an argument, an empty line after each program.
# A line on stdin is the host's word to go on.
set -eu

# The host hangs the node on its bridge first; when the host's side dies meanwhile, this is the end of the node.
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

# A fresh /sys shows this network namespace; it comes without the cgroups.
mount -t sysfs sysfs /sys
if [ -n "$CGROUPS" ]; then
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for pair in $CGROUPS; do
    mkdir "/sys/fs/cgroup/${pair%%:*}"
    mount -t cgroup -o "${pair#*:}" cgroup "/sys/fs/cgroup/${pair%%:*}"
  done
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # In version 2 a group with processes of its own cannot share out controllers: the node's programs step aside.
  mkdir -p /sys/fs/cgroup/init
  echo 1 >/sys/fs/cgroup/init/cgroup.procs
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
  done
fi

# Programs that are killed leave their temporary files behind: in this directory, which goes with the node.
TMPDIR=$DIRECTORY/tmp
mkdir -p "$TMPDIR"
export TMPDIR

start() {
  "$@" >>"$LOGS/$NODE-$1.log" 2>&1 </dev/null &
}
start containerd --config "$DIRECTORY/containerd.toml"

# The host imports the images before the kubelet looks for them.
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

# `wait` takes in every child, also the shims that containerd leaves behind.
wait
