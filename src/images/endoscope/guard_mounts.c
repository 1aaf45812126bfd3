/*
 * A library that every program of this image loads (/etc/ld.so.preload). It refuses to rename or remove a mount point, as
 * the kernel does, but also a mount point of another namespace, such as the target's in /proc/PID/root: there the kernel
 * would detach the mount from the target, and report success.
 *
 * A guard against mistakes, not against malice: static programs do not load it. It has no effect before Linux 5.8.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000 /* Linux 5.8 */
#endif

static int is_mount(int directory, const char *path) {
  struct statx found;
  int before = errno;
  int is = syscall(SYS_statx, directory, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &found) == 0 &&
    (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  errno = is ? EBUSY : before;
  return is;
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  if (is_mount(from, old) || is_mount(to, new)) return -1;
  return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }

int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int unlinkat(int directory, const char *path, int flags) {
  if (is_mount(directory, path)) return -1;
  return (int)syscall(SYS_unlinkat, directory, path, flags);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
  int result = unlink(path);
  return result < 0 && errno == EISDIR ? rmdir(path) : result;
}
