/*
 * Applies the limits of the target's control groups, above all those on devices: the target may create a device file of
 * the node's disk, and only its group prevents it from opening that file. A process in the target with a less restricted
 * group could open it. Entering the target's cgroup namespace is not enough: that only changes the names of groups.
 */
#define _GNU_SOURCE
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const hint = "--privileged goes in without the target's limits on devices, memory and processes";

/*
 * Opens the list of a group's processes. `directory` is the mount point of the hierarchy on the node: in this container only
 * its own groups are mounted, and a new mount of version 2 would reset the options of the node's.
 */
static int open_group(const char *directory, const char *path) {
  char file[PATH_MAX];
  int length = snprintf(file, sizeof file, "/proc/1/root/sys/fs/cgroup/%s%s/cgroup.procs", directory, path);
  if (length < (int)sizeof file) return open(file, O_WRONLY | O_CLOEXEC);
  errno = ENAMETOOLONG;
  return -1;
}

/* Moves this process to a group of the target, named as in /proc/PID/cgroup: version 2 has no controllers there. */
static void join(const struct target *target, const char *controllers, const char *path) {
  int named = strncmp(controllers, "name=", 5) == 0;
  int group = open_group(named ? controllers + 5 : controllers, path);
  /* Path of version 2 on a node that uses both versions. */
  if (group < 0 && *controllers == 0) group = open_group("unified", path);
  /* Zero stands for this process. */
  if (group < 0 || write(group, "0", 1) < 0) {
    int error = errno;
    /* Fails here if the target has ended. */
    free(read_file(target, "cgroup", NULL));
    fail(DENIED, hint, "Cannot take over the target's limits: its %s group cannot be joined: %s",
         *controllers == 0 ? "version 2" : controllers, strerror(error));
  }
  close(group);
}

static int has_line(const char *text, const char *line) {
  size_t length = strlen(line);
  for (; text != NULL; text = strchr(text, '\n')) {
    text += *text == '\n';
    if (strncmp(text, line, length) == 0 && text[length] == '\n') return 1;
  }
  return 0;
}

void take_limits(const struct target *target) {
  struct target self = { .proc = must(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), "open /proc/self") };
  int own = must(openat(self.proc, "ns/cgroup", O_RDONLY | O_CLOEXEC), "open the cgroup namespace");
  int node = must(open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC), "open the node's cgroup namespace");
  /* Paths are relative to the cgroup namespace of their reader, and the node's mounts to that of the node. */
  must(setns(node, CLONE_NEWCGROUP), "enter the node's cgroup namespace");
  char *mine = read_file(&self, "cgroup", NULL), *wanted = read_file(target, "cgroup", NULL), *rest = wanted, *line;
  while ((line = strsep(&rest, "\n")) != NULL) {
    if (*line == 0 || has_line(mine, line)) continue;
    /* "ID:CONTROLLERS:PATH" */
    char *path = line;
    strsep(&path, ":");
    const char *controllers = strsep(&path, ":");
    if (path != NULL) join(target, controllers, path);
  }
  free(mine);
  free(wanted);
  mine = read_file(&self, "cgroup", NULL), wanted = read_file(target, "cgroup", NULL);
  if (strcmp(mine, wanted) != 0)
    fail(DENIED, hint, "Cannot take over the target's limits: its control groups are others than those that were joined");
  must(setns(own, CLONE_NEWCGROUP), "go back to the cgroup namespace");
}
