/* What the parts of `inside` share: see inside.c. */
#ifndef INSIDE_H
#define INSIDE_H
#include <linux/filter.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes, those of the command line. */
enum { USAGE = 64, GONE = 69, BUG = 70, DENIED = 77, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

#define BIT(n) ((uint64_t)1 << (n))

struct options {
  pid_t pid;
  int chroot_only, privileged, user_given, group_given;
  uid_t user;
  gid_t group;
};

struct kind {
  const char *name; /* below /proc/PID */
  int flag;         /* as clone(2) calls it */
};

#define KINDS 8
extern const struct kind kinds[KINDS];

/* What is taken over from the target. */
struct target {
  int proc, root, cwd;   /* folders; cwd may be -1 */
  int namespaces[KINDS]; /* -1: the one that this process is in, too */
  uid_t users[3];        /* real, effective, saved */
  gid_t groups[3];
  gid_t *more_groups;
  size_t more_group_count;
  uint64_t inheritable, permitted, bounding, ambient;
  mode_t mask;
  int no_new_privileges, seccomp;
  struct sock_fprog *filters; /* the oldest first */
  size_t filter_count;
  char *environment;
  size_t environment_length;
};

/* Ends the program with `error: …` and, unless it is NULL, a hint. */
_Noreturn void fail(int code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the program when a call failed, which `what` names; else returns its result. */
int must(int result, const char *what);

/* Reads a file of the target's folder in /proc, at most 4 MiB. The text ends with a zero. `length` may be NULL. */
char *read_file(const struct target *target, const char *name, size_t *length);

/* Reads all that is to be known of the target. Nothing has been entered before. */
struct target examine(const struct options *options);

/* Moves this process to the control groups of the target, or ends it: see inside_limits.c. */
void take_limits(const struct target *target);

/* The variables of what runs in the target. */
char **make_environment(const struct target *target, const struct options *options);
#endif
