/* Declarations shared by the parts of `inside`: see inside.c. */
#ifndef INSIDE_H
#define INSIDE_H
#include <linux/filter.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes, equal to those of the command line. */
enum { USAGE = 64, GONE = 69, BUG = 70, DENIED = 77, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

#define BIT(n) ((uint64_t)1 << (n))

struct options {
  pid_t pid;
  int chroot_only, privileged, user_given, group_given;
  int by_runtime; /* the container runtime starts the shell: see inside_runtime.c */
  uid_t user;
  gid_t group;
};

struct kind {
  const char *name; /* below /proc/PID */
  int flag;         /* flag of clone(2) */
};

#define KINDS 8
extern const struct kind kinds[KINDS];

/* Attributes taken over from the target. */
struct target {
  int proc, root, cwd;   /* directories; cwd may be -1; root is -1 when this process has that root already */
  int namespaces[KINDS]; /* -1: this process is in that namespace already */
  uid_t users[3];        /* real, effective, saved */
  gid_t groups[3];
  gid_t *more_groups;
  size_t more_group_count;
  uint64_t inheritable, permitted, bounding, ambient;
  mode_t mask;
  int no_new_privileges, seccomp;
  struct sock_fprog *filters; /* oldest first */
  size_t filter_count;
  char *environment;
  size_t environment_length;
};

/* Descriptor to which fail() writes the exit code as one byte, unless it is -1. */
extern int failure_report;

/* Ends the program with `error: …` and, unless it is NULL, a hint. */
_Noreturn void fail(int code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns the result of a call, or ends the program when the call failed; `what` names the call. */
int must(int result, const char *what);

/* Allocates memory, or ends the program. */
void *allocate(void *old, size_t size);

/* Reads a file of the target's directory in /proc, at most 4 MiB. The text ends with a zero. `length` may be NULL. */
char *read_file(const struct target *target, const char *name, size_t *length);

/* Reads all attributes of the target. Call before entering any namespace. */
struct target examine(const struct options *options);

/* Moves this process to the control groups of the target, or ends the program: see inside_limits.c. */
void take_limits(const struct target *target);

/* Returns the environment of the program that runs in the target. */
char **make_environment(const struct target *target, const struct options *options);

/* Names of scope's own variables. */
#define OURS 5
extern const char *const ours[OURS];

int is_variable(const char *entry, const char *name);

/* Closes all descriptors from 3 on except these. */
void close_others(int one, int other, int third);

/* Reads the options of the command line; `argv` then points at the program to run. */
struct options read_options(char ***argv);

void set_capabilities(uint64_t permitted, uint64_t inheritable);

/* Becomes the target's user, with its rights and filters. Cannot be undone. */
void confine(const struct target *target);

/* Changes to the target's working directory, which may be accessible to its user only: call before and after confine(). */
int go_to_cwd(const struct target *target, int there);

/* Removes the arguments from this process's command line: otherwise a list of processes would show them three times. */
void hide_arguments(void);

/* Executes the shell: `shell` is a descriptor of busybox, or -1 for a program of the target. */
_Noreturn void become(int shell, char **argv, char **environment);

/* Writes the children of a process to the list, oldest first. Returns their number. */
int children_of(pid_t parent, pid_t *list, int most);

/* Waits for the guest that the runtime starts, and then for the end of the shell. Returns its exit code. */
int wait_for_guest(int shell);

/* Runs as the guest: runs the shell for the process `host`, which waits for it. */
_Noreturn void be_guest(pid_t host);
#endif
