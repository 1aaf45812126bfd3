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
  int by_runtime; /* the container's runtime lets it in: see inside_runtime.c */
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
  int proc, root, cwd;   /* directories; cwd may be -1, and root where this process has that root already */
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

/* Where fail() writes the exit code as one byte, unless it is -1. */
extern int failure_report;

/* Ends the program with `error: …` and, unless it is NULL, a hint. */
_Noreturn void fail(int code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the program when a call failed, which `what` names; else returns its result. */
int must(int result, const char *what);

/* Allocates memory, or ends the program. */
void *allocate(void *old, size_t size);

/* Reads a file of the target's directory in /proc, at most 4 MiB. The text ends with a zero. `length` may be NULL. */
char *read_file(const struct target *target, const char *name, size_t *length);

/* Reads all that is to be known of the target. Nothing has been entered before. */
struct target examine(const struct options *options);

/* Moves this process to the control groups of the target, or ends it: see inside_limits.c. */
void take_limits(const struct target *target);

/* The variables of what runs in the target. */
char **make_environment(const struct target *target, const struct options *options);

/* The variables that are scope's own: their names. */
#define OURS 5
extern const char *const ours[OURS];

int is_variable(const char *entry, const char *name);

/* Closes all descriptors from 3 on but these. */
void close_others(int one, int other, int third);

/* Reads the options of the command line; `argv` then begins with the program that is to run. */
struct options read_options(char ***argv);

void set_capabilities(uint64_t permitted, uint64_t inheritable);

/* Becomes the target's user, with its rights and filters. What is given up is given up for ever. */
void confine(const struct target *target);

/* Goes to the target's working directory, which may be for its user alone: call it before and after confine(). */
int go_to_cwd(const struct target *target, int there);

/* Leaves only its name in this process's command line: in a list of processes, the rest would stand there three times. */
void hide_arguments(void);

/* Becomes the shell: `shell` is busybox; -1 for a program of the target. */
_Noreturn void become(int shell, char **argv, char **environment);

/* The children of a process, the oldest first. Returns how many were written to the list. */
int children_of(pid_t parent, pid_t *list, int most);

/* Waits for the part of this program that the runtime starts, and then for the end of the shell: its exit code. */
int wait_for_guest(int shell);

/* That part: runs the shell for the process `host`, which waits for it. */
_Noreturn void be_guest(pid_t host);
#endif
