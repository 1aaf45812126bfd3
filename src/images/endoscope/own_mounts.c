/*
 * own-mounts [--bind FROM TO]... [--pid PID] -- COMMAND...: executes the command in a mount namespace of its own, with files
 * bind-mounted over others. It is one program because each further one before a tool delays the tool.
 *
 * With --pid, the command is in the pid namespace of that process: /proc is mounted anew, and all mounts of the process are
 * copied below /opt/scope/mounts. When the command renames or removes a mount point of the target in /proc/PID/root, it fails
 * with "Device or resource busy", as in the target itself: the kernel refuses that only for mount points of the caller's own
 * namespace, and detaches all other mounts. The copies follow later mounts and unmounts of the target if its mounts are
 * shared, and end with this namespace, which no other process may use. Where copying is impossible (before Linux 5.2), the
 * command runs with SCOPE_UNPROTECTED=1.
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

static void must(int result, const char *what) {
  if (result == 0) return;
  fprintf(stderr, "error: Cannot mount %s: %s\n", what, strerror(errno));
  exit(125);
}

int main(int count, char **argv) {
  if (count < 3) return fprintf(stderr, "Usage: own-mounts [--bind FROM TO]... [--pid PID] -- COMMAND...\n"), 64;
  must(unshare(CLONE_NEWNS), "files in a namespace of their own");
  must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "files that others do not see");
  for (argv++; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
    if (strcmp(argv[0], "--bind") == 0 && argv[1] != NULL && argv[2] != NULL) {
      must(mount(argv[1], argv[2], NULL, MS_BIND, NULL), argv[2]);
      argv += 2;
    } else if (strcmp(argv[0], "--pid") == 0 && argv[1] != NULL) {
      /* The node's /proc is still mounted here. */
      if (hold(argv[1]) < 0) setenv("SCOPE_UNPROTECTED", "1", 1);
      must(mount("proc", "/proc", "proc", 0, NULL), "/proc");
      argv += 1;
    } else {
      return fprintf(stderr, "error: Cannot use \"%s\"\n", *argv), 64;
    }
  }
  if (*argv == NULL || *++argv == NULL) return fprintf(stderr, "error: Cannot run nothing\n"), 64;
  execvp(argv[0], argv);
  fprintf(stderr, "error: Cannot run \"%s\": %s\n", argv[0], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
