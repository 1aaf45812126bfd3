/*
 * inside: runs the image's own static shell in all namespaces and the root of a process, with that process's
 * environment, working directory and rights, and no others.
 *
 *   inside --pid PID [--chroot-only|--by-runtime] [--privileged] [--user UID[:GID]] -- ARGV...
 *
 * ARGV[0] is an applet of busybox, or else a program of the target: a name of both means the same in any image.
 * Four processes take part:
 *
 *   supervisor   stays outside with all rights: passes on signals, and ends the processes that the shell leaves behind
 *   entrant      joins the control groups, enters the namespaces, gives up every right that the target does not have,
 *                and exits
 *   reaper       starts in the target's pid namespace with the target's rights, and adopts the shell's orphans: a
 *                subreaper must be in their pid namespace, or else they go to the target's first process
 *   shell        the reaper's child
 *
 * From an ephemeral container, the container runtime starts the shell (--by-runtime, inside_runtime.c), or, for another
 * user and with all rights, only the root is changed (--chroot-only).
 *
 * So no process that the target can see ever has a right, a descriptor or a file that the target does not have. The
 * programs that run in the target, this one and busybox, are sealed copies in memory: the target's root may open
 * /proc/PID/exe for writing, which otherwise would be a file of the image (CVE-2019-5736).
 *
 * Written in C because setns(2) of a mount namespace needs a single-threaded process, and linked statically because no
 * library of the target may be loaded.
 */
#define _GNU_SOURCE
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3 */
#endif

static const char *const busybox = "/bin/busybox";
/* Names of busybox's applets, one per line: busybox --list. */
static const char *const applets = "/opt/scope/applets";
static char **all_arguments;

void set_capabilities(uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    data[i].permitted = data[i].effective = (uint32_t)(permitted >> 32 * i);
    data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
  }
  must((int)syscall(SYS_capset, &header, data), "give up capabilities");
}

/* Returns true when this process has the target's supplementary groups: without SETGID even setting the same groups fails. */
static int has_groups(const struct target *target) {
  gid_t mine[NGROUPS_MAX];
  int count = getgroups(NGROUPS_MAX, mine);
  return count == (int)target->more_group_count && memcmp(mine, target->more_groups, (size_t)count * sizeof *mine) == 0;
}

void confine(const struct target *target) {
  if (!has_groups(target)) must(setgroups(target->more_group_count, target->more_groups), "take the target's groups");
  must(setresgid(target->groups[0], target->groups[1], target->groups[2]), "take the target's group");
  for (int i = 0; i < 64; i++)
    if (!(target->bounding & BIT(i)) && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
      must(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), "limit the bounding set");
  must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities");
  must(setresuid(target->users[0], target->users[1], target->users[2]), "become the target's user");
  /* Without no_new_privs, installing a filter needs CAP_SYS_ADMIN; it is dropped afterwards, as container runtimes do. */
  uint64_t install = target->filter_count > 0 && !target->no_new_privileges ? BIT(CAP_SYS_ADMIN) : 0;
  set_capabilities(target->permitted | install, target->inheritable);
  must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear ambient capabilities");
  for (int i = 0; i < 64; i++)
    if (target->ambient & BIT(i))
      must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0), "raise an ambient capability");
  if (target->no_new_privileges) must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
  for (size_t i = 0; i < target->filter_count; i++)
    must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &target->filters[i]), "install the target's seccomp filter");
  if (install) set_capabilities(target->permitted, target->inheritable);
}

/* Returns a descriptor of a copy in memory that is sealed against writing. */
static int sealed_copy(int file, const char *name) {
  int copy = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy < 0) copy = must(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "make a file in memory");
  ssize_t count;
  while ((count = sendfile(copy, file, NULL, 1 << 24)) > 0) {}
  must((int)count, "copy the program into memory");
  must(fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), "seal the program");
  close(file);
  return copy;
}

static int open_file(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(BUG, NULL, "Cannot open \"%s\": %s", path, strerror(errno));
  return file;
}

static int is_applet(const char *name) {
  FILE *file = fdopen(open_file(applets), "r");
  char line[64];
  int found = 0;
  while (file != NULL && !found && fscanf(file, "%63s", line) == 1) found = strcmp(line, name) == 0;
  fclose(file);
  return found;
}

static void enter(const struct target *target, const struct options *options) {
  for (int i = 0; i < KINDS; i++)
    if (target->namespaces[i] >= 0 && setns(target->namespaces[i], kinds[i].flag) < 0)
      fail(errno == EPERM ? DENIED : BUG, NULL, "Cannot enter the %s namespace of process %d: %s", kinds[i].name + 3,
           options->pid, strerror(errno));
  must(fchdir(target->root), "go to the target's root");
  must(chroot("."), "make the target's root this one's");
  must(chdir("/"), "go to the target's root");
  umask(target->mask);
}

static int compare(const void *one, const void *other) { return *(const int *)one - *(const int *)other; }

/* Closes the descriptors from `first` to `last`. */
static void close_all(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  /* Fallback before Linux 5.9. */
  struct rlimit limit = { .rlim_max = 1 << 20 };
  getrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned i = first; i <= last && i < limit.rlim_max && i < 1U << 20; i++) close((int)i);
}

void close_others(int one, int other, int third) {
  int kept[3] = { one, other, third };
  qsort(kept, 3, sizeof *kept, compare);
  unsigned next = 3;
  for (int i = 0; i < 3; i++) {
    if (kept[i] < (int)next) continue;
    close_all(next, (unsigned)kept[i] - 1);
    next = (unsigned)kept[i] + 1;
  }
  close_all(next, ~0U);
}

_Noreturn void become(int shell, char **argv, char **environment) {
  setpgid(0, 0);
  /* In a background process group, tcsetpgrp() would stop the process if signals were not blocked. */
  if (isatty(0)) tcsetpgrp(0, getpid());
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (shell >= 0) {
    syscall(SYS_execveat, shell, "", argv, environment, AT_EMPTY_PATH);
    fail(NOT_EXECUTABLE, errno == EPERM || errno == ENOSYS ? "the target's seccomp filter may forbid execveat" : NULL,
         "Cannot run busybox: %s", strerror(errno));
  }
  environ = environment;
  execvp(argv[0], argv);
  if (errno != ENOENT) fail(NOT_EXECUTABLE, NULL, "Cannot run \"%s\" of the target: %s", argv[0], strerror(errno));
  fail(NOT_FOUND, NULL, "Cannot find the program \"%s\" in the target, nor in busybox", argv[0]);
}

void hide_arguments(void) {
  for (char **next = all_arguments + 1; *next != NULL; next++) memset(*next, 0, strlen(*next));
}

/* Starts the shell, reports its exit code, and waits until all processes that it started have ended. */
static _Noreturn void reap(int shell, int report, char **argv, char **environment) {
  must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become a reaper");
  pid_t first = must(fork(), "start the shell");
  if (first == 0) become(shell, argv, environment);
  for (int i = 0; i < 3; i++) close(i);
  close(shell);
  hide_arguments();
  for (;;) {
    int status;
    pid_t pid = wait(&status);
    if (pid < 0 && errno == ECHILD) _exit(0);
    if (pid != first) continue;
    unsigned char code = (unsigned char)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    if (write(report, &code, 1) < 0) _exit(0);
  }
}

int go_to_cwd(const struct target *target, int there) {
  char path[1];
  if (target->cwd < 0 || (!there && fchdir(target->cwd) < 0)) return 0;
  /* A deleted directory has no path, about which shells complain. */
  if (getcwd(path, sizeof path) == NULL && errno == ENOENT) must(chdir("/"), "go to the target's root");
  return 1;
}

static _Noreturn void go_inside(const struct target *target, const struct options *options, int shell, int report,
                                char **argv, char **environment) {
  /* In a container of the pod, where only the root is changed, the container's own limits apply. */
  if (!options->chroot_only && !options->privileged) take_limits(target);
  enter(target, options);
  /* The descriptors of /proc and of namespaces allow leaving the target: no process in it may find them. */
  close_others(shell, report, target->cwd);
  /* Some directories are accessible only to root, and some, where root has few capabilities, only to their owner. */
  int there = go_to_cwd(target, 0);
  confine(target);
  go_to_cwd(target, there);
  if (target->cwd >= 0) close(target->cwd);
  /* CLONE_PARENT: a child of the supervisor, because this process ends. */
  pid_t reaper = must((int)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0), "start the reaper");
  if (reaper == 0) reap(shell, report, argv, environment);
  _exit(0);
}

int children_of(pid_t parent, pid_t *list, int most) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  int count = 0;
  while (count < most && fscanf(file, "%d", &list[count]) == 1) count++;
  fclose(file);
  return count;
}

/* Passes a signal on to the group of the shell, which is the oldest child of the reaper while it lives. */
static void pass_on(pid_t reaper, int number) {
  pid_t shell;
  if (children_of(reaper, &shell, 1) == 1 && kill(-shell, number) < 0) kill(shell, number);
}

/*
 * Ends the processes that the shell left behind, which all become children of the reaper: by SIGTERM for half a second, then
 * by SIGKILL. Runs outside, because the reaper may not signal processes that changed their user. The script `reaper` has the
 * same policy.
 */
static void end_rest(pid_t reaper) {
  for (int step = 0; waitpid(reaper, NULL, WNOHANG) == 0; step++) {
    pid_t left[256];
    int count = children_of(reaper, left, 256), number = step < 25 ? SIGTERM : SIGKILL;
    if (step == 100) kill(reaper, SIGKILL);
    for (int i = 0; i < count; i++) {
      kill(left[i], number);
      if (number == SIGTERM) kill(left[i], SIGHUP), kill(left[i], SIGCONT);
    }
    usleep(step == 0 ? 1000 : 20000);
  }
}

/* Waits for the end of the shell, and returns its exit code. */
static int supervise(pid_t reaper, int report, int signals) {
  hide_arguments();
  unsigned char code = 128 + SIGKILL;
  struct pollfd watched[2] = { { .fd = report, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
  while (poll(watched, 2, -1) < 0 || watched[0].revents == 0) {
    struct signalfd_siginfo signal;
    if (watched[1].revents != 0 && read(signals, &signal, sizeof signal) == sizeof signal && signal.ssi_signo != SIGCHLD)
      pass_on(reaper, (int)signal.ssi_signo);
  }
  /* If nothing can be read, the reaper was killed. */
  (void)!read(report, &code, 1);
  end_rest(reaper);
  return code;
}

/* Executes a sealed copy of this program, unless it is one already. */
static void seal_self(char **argv) {
  int self = open_file("/proc/self/exe");
  if (fcntl(self, F_GET_SEALS) >= 0) return (void)close(self);
  syscall(SYS_execveat, sealed_copy(self, "inside"), "", argv, environ, AT_EMPTY_PATH);
  fail(BUG, NULL, "Cannot run the copy in memory: %s", strerror(errno));
}

struct options read_options(char ***argv) {
  struct options options = { 0 };
  char **next = *argv + 1, *rest = NULL;
  for (; *next != NULL && strcmp(*next, "--") != 0; next++) {
    if (strcmp(*next, "--chroot-only") == 0) options.chroot_only = 1;
    else if (strcmp(*next, "--privileged") == 0) options.privileged = 1;
    else if (strcmp(*next, "--by-runtime") == 0) options.by_runtime = 1;
    else if (strcmp(*next, "--pid") == 0 && next[1] != NULL) options.pid = (pid_t)strtol(*++next, &rest, 10);
    else if (strcmp(*next, "--user") == 0 && next[1] != NULL) {
      options.user_given = 1;
      options.user = (uid_t)strtoul(*++next, &rest, 10);
      options.group_given = *rest == ':';
      if (options.group_given) options.group = (gid_t)strtoul(rest + 1, &rest, 10);
    } else fail(USAGE, NULL, "Unknown option \"%s\"", *next);
    if (rest != NULL && *rest != 0) fail(USAGE, NULL, "Not a number: \"%s\"", *next);
  }
  if (options.pid <= 0 || *next == NULL || next[1] == NULL)
    fail(USAGE, NULL, "Usage: inside --pid PID [--chroot-only|--by-runtime] [--privileged] [--user UID[:GID]] -- ARGV...");
  *argv = next + 1;
  return options;
}

int main(int count, char **argv) {
  all_arguments = argv;
  close_others(-1, -1, -1);
  seal_self(argv);
  /* The manager recognises its helpers by this name; the kernel would name a program run from a descriptor after that. */
  prctl(PR_SET_NAME, "inside");
  if (count == 3 && strcmp(argv[1], "--guest") == 0) be_guest((pid_t)atoi(argv[2]));
  struct options options = read_options(&argv);
  if (options.by_runtime) return wait_for_guest(is_applet(argv[0]) ? sealed_copy(open_file(busybox), "busybox") : -1);
  struct target target = examine(&options);
  char **environment = make_environment(&target, &options);
  int shell = is_applet(argv[0]) ? sealed_copy(open_file(busybox), "busybox") : -1;
  int report[2];
  must(pipe2(report, O_CLOEXEC), "make a pipe");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  int signals = must(signalfd(-1, &all, SFD_CLOEXEC), "receive signals");
  pid_t child = must(fork(), "start a process"), reaper;
  if (child == 0) go_inside(&target, &options, shell, report[1], argv, environment);
  close(report[1]);
  close(shell);
  int status;
  must(waitpid(child, &status, 0), "wait for a process");
  if (!WIFEXITED(status)) fail(DENIED, NULL, "Cannot go inside: signal %d ended this", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0 || children_of(getpid(), &reaper, 1) == 0) return WEXITSTATUS(status);
  return supervise(reaper, report[0], signals);
}
