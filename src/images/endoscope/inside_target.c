/* Reads the target's attributes and derives those of the shell. */
#define _GNU_SOURCE
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80 /* Linux 5.6 */
#endif

/* The user namespace comes last: entering it may lose the rights over the others. */
const struct kind kinds[KINDS] = {
  { "ns/net", CLONE_NEWNET },       { "ns/uts", CLONE_NEWUTS },   { "ns/ipc", CLONE_NEWIPC },
  { "ns/cgroup", CLONE_NEWCGROUP }, { "ns/time", CLONE_NEWTIME }, { "ns/pid", CLONE_NEWPID },
  { "ns/mnt", CLONE_NEWNS },        { "ns/user", CLONE_NEWUSER },
};

int failure_report = -1;

_Noreturn void fail(int code, const char *hint, const char *format, ...) {
  va_list values;
  va_start(values, format);
  dprintf(2, "error: ");
  vdprintf(2, format, values);
  dprintf(2, hint == NULL ? "\n" : "\nhint: %s\n", hint);
  unsigned char byte = (unsigned char)code;
  if (failure_report >= 0) (void)!write(failure_report, &byte, 1);
  _exit(code);
}

int must(int result, const char *what) {
  if (result >= 0) return result;
  /* These errors of /proc files mean that their process has ended. */
  if (errno == ESRCH || errno == ENOENT) fail(GONE, NULL, "Cannot %s: the target has ended", what);
  fail(errno == EPERM || errno == EACCES ? DENIED : BUG, NULL, "Cannot %s: %s", what, strerror(errno));
}

void *allocate(void *old, size_t size) {
  void *memory = realloc(old, size > 0 ? size : 1);
  if (memory == NULL) fail(BUG, NULL, "Cannot allocate %zu bytes", size);
  return memory;
}

/* Opens a file of the target's directory in /proc, as the target's user if necessary. */
static int open_of(const struct target *target, const char *name, int flags) {
  int file = openat(target->proc, name, flags | O_CLOEXEC);
  if (file >= 0 || errno != EACCES) return file;
  /* Without CAP_DAC_OVERRIDE, not even root may open files that only the target's user may read. */
  setfsgid(target->groups[1]);
  setfsuid(target->users[1]);
  file = openat(target->proc, name, flags | O_CLOEXEC);
  int error = errno;
  setfsuid(geteuid());
  setfsgid(getegid());
  errno = error;
  return file;
}

char *read_file(const struct target *target, const char *name, size_t *length) {
  char what[32];
  snprintf(what, sizeof what, "read the target's %s", name);
  int file = must(open_of(target, name, O_RDONLY), what);
  char *text = NULL;
  size_t size = 0, used = 0;
  for (ssize_t count = 1; count > 0 && used < 4 << 20; used += (size_t)count) {
    if (size < used + 4097) text = allocate(text, size = 2 * used + 4097);
    count = must((int)read(file, text + used, 4096), what);
  }
  close(file);
  text[used] = 0;
  if (length != NULL) *length = used;
  return text;
}

/* Returns the value of a line of /proc/PID/status, or "" where this kernel has no such line. */
static const char *field(const char *status, const char *name) {
  for (const char *line = status; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    size_t length = strlen(name);
    if (strncmp(line, name, length) == 0 && line[length] == ':') return line + length + 1;
  }
  return "";
}

static uint64_t set_of(const char *status, const char *name) { return strtoull(field(status, name), NULL, 16); }

/* Translates an id to the target's user namespace; `map` has lines of "inside outside length". */
static unsigned mapped(const char *map, unsigned id) {
  unsigned inside, outside, length;
  int used;
  for (; sscanf(map, "%u %u %u%n", &inside, &outside, &length, &used) == 3; map += used)
    if (id >= outside && id - outside < length) return inside + (id - outside);
  return id;
}

/* Reads the three ids of a line of the status; `place` points after the line's name. */
static void read_three(unsigned ids[3], const char *place) {
  for (int i = 0; i < 3; i++) ids[i] = (unsigned)strtoul(place, (char **)&place, 10);
}

static void read_ids(struct target *target, const char *status) {
  read_three(target->users, field(status, "Uid"));
  read_three(target->groups, field(status, "Gid"));
  const char *place = field(status, "Groups");
  for (; *(place += strspn(place, " \t")) >= '0' && *place <= '9';) {
    target->more_groups = allocate(target->more_groups, (target->more_group_count + 1) * sizeof(gid_t));
    target->more_groups[target->more_group_count++] = (gid_t)strtoul(place, (char **)&place, 10);
  }
}

static void map_ids(struct target *target) {
  const char *users = read_file(target, "uid_map", NULL), *groups = read_file(target, "gid_map", NULL);
  for (int i = 0; i < 3; i++) {
    target->users[i] = mapped(users, target->users[i]);
    target->groups[i] = mapped(groups, target->groups[i]);
  }
  for (size_t i = 0; i < target->more_group_count; i++) target->more_groups[i] = mapped(groups, target->more_groups[i]);
}

static void on_alarm(int signal) { (void)signal; }

/*
 * Reads the target's seccomp filters. Stops the target for that, for less than a millisecond; if this process ends
 * meanwhile, the kernel detaches from the target and it continues.
 */
static void read_filters(struct target *target, pid_t pid) {
  static const char *const hint = "--privileged goes in without the target's seccomp filter";
  int tries = 0;
  /* Only one process at a time can trace the target: another `inside` is done in a moment. */
  while (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0) {
    if (errno != EPERM || ++tries > 50)
      fail(errno == ESRCH ? GONE : DENIED, hint, "Cannot read the seccomp filter of the target: %s",
           errno == EPERM ? "another program traces it, or tracing it is forbidden" : strerror(errno));
    usleep(10000);
  }
  struct sigaction action = { .sa_handler = on_alarm };
  sigaction(SIGALRM, &action, NULL);
  alarm(3);
  int status;
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
    fail(GONE, hint, "Cannot read the seccomp filter of the target: %s",
         errno == EINTR ? "it does not stop within 3 seconds" : "it has ended");
  alarm(0);
  for (;;) {
    long count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, target->filter_count, NULL);
    if (count < 0) break;
    struct sock_filter *code = allocate(NULL, (size_t)count * sizeof *code);
    if (ptrace(PTRACE_SECCOMP_GET_FILTER, pid, target->filter_count, code) != count) break;
    target->filters = allocate(target->filters, (target->filter_count + 1) * sizeof *target->filters);
    target->filters[target->filter_count++] = (struct sock_fprog){ .len = (unsigned short)count, .filter = code };
  }
  int error = errno;
  /* A signal that stopped the target at this moment must not be lost. */
  ptrace(PTRACE_DETACH, pid, 0, status >> 16 == 0 ? WSTOPSIG(status) : 0);
  if (error != ENOENT || target->filter_count == 0)
    fail(DENIED, hint, "Cannot read the seccomp filter of the target: %s",
         error == EIO || error == EINVAL ? "this kernel has no CONFIG_CHECKPOINT_RESTORE" : strerror(error));
}

/* Returns the permitted capabilities of this process. */
static uint64_t own_permitted(void) {
  struct target self = { .proc = must(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), "open /proc/self") };
  uint64_t permitted = set_of(read_file(&self, "status", NULL), "CapPrm");
  close(self.proc);
  return permitted;
}

/* Derives the rights of the shell from those of the target. */
static void decide(struct target *target, const struct options *options) {
  uint64_t all = ~(uint64_t)0;
  if (options->privileged) {
    target->inheritable = target->ambient = 0;
    target->permitted = target->bounding = all;
    target->no_new_privileges = target->seccomp = 0;
    target->more_group_count = 0;
    memset(target->users, 0, sizeof target->users);
    memset(target->groups, 0, sizeof target->groups);
  }
  if (options->user_given) {
    for (int i = 0; i < 3; i++) target->users[i] = options->user;
    for (int i = 0; i < 3 && options->group_given; i++) target->groups[i] = options->group;
    if (!options->privileged) target->permitted = options->user == 0 ? target->bounding : 0;
  }
  /* Rights that this process lacks or the kernel does not know cannot be given. */
  for (int i = 0; i < 64; i++)
    if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1) target->bounding &= ~BIT(i);
  if (options->by_runtime) target->permitted &= own_permitted();
  target->permitted &= target->bounding;
  target->inheritable &= target->bounding;
  if (target->users[1] == 0) {
    /* For root, execve(2) grants the whole bounding set, so the bounding set is reduced to the target's own rights. */
    if (!target->no_new_privileges) target->bounding = target->permitted;
    target->inheritable &= target->permitted;
    target->ambient &= target->inheritable;
  } else {
    /* For other users, execve(2) keeps the ambient set. */
    target->inheritable |= target->permitted;
    target->ambient = target->permitted;
  }
}

/*
 * Returns true when the text is an environment from execve(2). A program that writes its
 * title over its environment starts at the first variable, which then has no "=".
 */
static int is_environment(const char *text, size_t length) {
  return length == 0 || strchr(text + (*text != 0), '=') != NULL;
}

/* Adds a variable to the target's environment. */
static void add_variable(struct target *target, const char *entry) {
  size_t length = strlen(entry) + 1;
  target->environment = allocate(target->environment, target->environment_length + length);
  memcpy(target->environment + target->environment_length, entry, length);
  target->environment_length += length;
}

/*
 * Reads the variables of the target's process. If its program has overwritten them (nginx, postgres and redis put their
 * titles there), uses those that its container was started with: a process started by the runtime has them, and the manager
 * finds them in the runtime's files.
 */
static void read_environment(struct target *target, const struct options *options) {
  static const char prefix[] = "SCOPE_CONTAINER_ENV_";
  /* A process that got rights from its program's file may be unreadable for its own user. */
  int file = options->by_runtime ? open_of(target, "environ", O_RDONLY) : -1, hidden = options->by_runtime && file < 0;
  if (file >= 0) close(file);
  if (!hidden) target->environment = read_file(target, "environ", &target->environment_length);
  if (!hidden && is_environment(target->environment, target->environment_length)) return;
  target->environment_length = 0;
  for (char **entry = environ; *entry != NULL; entry++) {
    int of_container = strncmp(*entry, prefix, sizeof prefix - 1) == 0;
    if (of_container || options->by_runtime) add_variable(target, *entry + (of_container ? sizeof prefix - 1 : 0));
  }
  if (target->environment_length == 0)
    dprintf(2, "the target has written over its environment, and what it was started with is not to be found: its variables are missing here\n");
}

struct target examine(const struct options *options) {
  struct target target = { 0 };
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", options->pid);
  target.proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target.proc < 0) fail(GONE, NULL, "Cannot go inside process %d: the target has ended", options->pid);
  const char *status = read_file(&target, "status", NULL);
  read_ids(&target, status);
  target.inheritable = set_of(status, "CapInh");
  target.permitted = set_of(status, "CapPrm");
  target.bounding = set_of(status, "CapBnd");
  target.ambient = set_of(status, "CapAmb");
  target.mask = (mode_t)strtoul(field(status, "Umask"), NULL, 8);
  target.no_new_privileges = atoi(field(status, "NoNewPrivs"));
  target.seccomp = atoi(field(status, "Seccomp"));
  read_environment(&target, options);
  target.root = target.cwd = -1;
  if (!options->by_runtime)
    target.root = must(openat(target.proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), "open the root of the target");
  target.cwd = open_of(&target, "cwd", O_PATH | O_DIRECTORY);
  int self = must(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), "open /proc/self");
  for (int i = 0; i < KINDS; i++) {
    struct stat mine, its;
    target.namespaces[i] = -1;
    if (options->chroot_only || options->by_runtime || fstatat(self, kinds[i].name, &mine, 0) < 0) continue;
    if (fstatat(target.proc, kinds[i].name, &its, 0) == 0 && its.st_ino == mine.st_ino) continue;
    target.namespaces[i] = must(openat(target.proc, kinds[i].name, O_RDONLY | O_CLOEXEC), "open a namespace of the target");
    if (kinds[i].flag == CLONE_NEWUSER) map_ids(&target);
  }
  close(self);
  decide(&target, options);
  /* With shared namespaces, a container has the target's filter from its spec, and may not read it. */
  if (target.seccomp != 0 && !options->chroot_only && !options->by_runtime) read_filters(&target, options->pid);
  return target;
}

const char *const ours[OURS] = { "SCOPE_RUN", "SCOPE_TARGET", "TERM", "PS1", "HISTFILE" };

int is_variable(const char *entry, const char *name) {
  size_t length = strlen(name);
  return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/*
 * Returns the target's environment, with the marks by which the manager finds the processes that it started. Drops $ENV: an
 * interactive shell would run the file that it names.
 */
char **make_environment(const struct target *target, const struct options *options) {
  int ours_count = isatty(0) ? OURS : 2, path = 0, home = 0, other_user = options->privileged || options->user_given;
  size_t count = 0, most = 1;
  for (size_t i = 0; i < target->environment_length; i++) most += target->environment[i] == 0;
  char **list = allocate(NULL, (most + 8) * sizeof *list);
  for (char *entry = target->environment; entry < target->environment + target->environment_length;
       entry += strlen(entry) + 1) {
    const char *equals = strchr(entry, '=');
    int drop = equals == NULL || equals == entry || is_variable(entry, "ENV") || (other_user && is_variable(entry, "HOME"));
    for (int i = 0; i < ours_count; i++) drop |= is_variable(entry, ours[i]) && getenv(ours[i]) != NULL;
    if (drop) continue;
    path |= is_variable(entry, "PATH");
    home |= is_variable(entry, "HOME");
    list[count++] = entry;
  }
  for (int i = 0; i < ours_count; i++)
    if (getenv(ours[i]) != NULL) list[count++] = getenv(ours[i]) - strlen(ours[i]) - 1;
  if (!path) list[count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (!home) list[count++] = target->users[1] == 0 ? "HOME=/root" : "HOME=/";
  list[count] = NULL;
  return list;
}

