/*
 * hold-mounts PID COMMAND...: copies all mounts of a process into this mount namespace, below /opt/scope/mounts, and
 * executes the command. When the command renames or removes a mount point of the target in /proc/PID/root, it fails with
 * "Device or resource busy", as in the target itself: the kernel refuses that only for mount points of the caller's own
 * namespace, and detaches all other mounts. The copies follow later mounts and unmounts of the target if its mounts are
 * shared, and end with this namespace, which no other process may use.
 *
 * Where copying is impossible (before Linux 5.2), the command runs with SCOPE_UNPROTECTED=1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const place = "/opt/scope/mounts";

static int hold(const char *pid) {
  char path[64];
  struct stat mine, its;
  snprintf(path, sizeof path, "/proc/%s/ns/mnt", pid);
  int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), target = open(path, O_RDONLY | O_CLOEXEC);
  if (own < 0 || target < 0 || fstat(own, &mine) < 0 || fstat(target, &its) < 0) return -1;
  if (mine.st_ino == its.st_ino) return 0;
  if (setns(target, CLONE_NEWNS) < 0) return -1;
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (setns(own, CLONE_NEWNS) < 0) return perror("error: Cannot go back to the endoscope's files"), exit(125), -1;
  if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0) return -1;
  /* Mounts made here must not propagate to the target. */
  return mount(NULL, place, NULL, MS_SLAVE | MS_REC, NULL);
}

int main(int count, char **argv) {
  if (count < 3) return fprintf(stderr, "Usage: hold-mounts PID COMMAND...\n"), 64;
  if (hold(argv[1]) < 0) setenv("SCOPE_UNPROTECTED", "1", 1);
  execvp(argv[2], argv + 2);
  fprintf(stderr, "error: Cannot run \"%s\": %s\n", argv[2], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
