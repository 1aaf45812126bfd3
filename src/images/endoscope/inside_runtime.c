/*
 * Lets the container runtime start the shell. From an ephemeral container the target's mount namespace cannot be entered,
 * and with the target's root alone, a rename or a removal over a mount of the target would detach that mount: the kernel
 * protects only the mount points of the caller's own namespace. A process that the runtime starts in the target has all of
 * its namespaces, its control groups and its confinement.
 *
 *   host    waits in the manager's container as the target's user, without capabilities, so that a process of the target
 *           may open its descriptors. Passes them to the guest, passes on signals, and returns the exit code
 *   guest   started in the target by the runtime from /proc/HOST/exe, which is the sealed copy of this program; gives up
 *           rights that the target's process does not have, and is the reaper of the shell, which gets the host's input
 *           and output
 */
#define _GNU_SOURCE
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of the host that the guest opens: signals to pass on, the exit code, and busybox if that is to run. */
enum { SIGNALS = 100, REPORT, SHELL };
/* Limits for the runtime to start the guest, and for the guest to end after the shell, in milliseconds. */
enum { ARRIVAL_MS = 60000, LEAVING_MS = 1000 };

static void place(int descriptor, int number) {
  must(dup2(descriptor, number), "place a descriptor");
  close(descriptor);
}

int wait_for_guest(int shell) {
  int commands[2], reports[2];
  set_capabilities(0, 0);
  must(pipe2(commands, O_CLOEXEC), "make a pipe");
  must(pipe2(reports, O_CLOEXEC), "make a pipe");
  place(commands[0], SIGNALS);
  place(reports[1], REPORT);
  if (shell >= 0) place(shell, SHELL);
  /* The terminal will belong to the shell's session; giving it up sends SIGHUP and SIGCONT. */
  signal(SIGHUP, SIG_IGN), signal(SIGCONT, SIG_IGN), signal(SIGPIPE, SIG_IGN);
  if (isatty(0)) ioctl(0, TIOCNOTTY);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(SIGHUP, SIG_DFL), signal(SIGCONT, SIG_DFL);
  int signals = must(signalfd(-1, &all, SFD_CLOEXEC), "receive signals");
  /* Tells the manager that the runtime can be called. */
  prctl(PR_SET_NAME, "inside waits");
  unsigned char code = 128 + SIGKILL, said;
  struct pollfd watched[2] = { { .fd = reports[0], .events = POLLIN }, { .fd = signals, .events = POLLIN } };
  for (int arrived = 0;;) {
    int count = poll(watched, 2, arrived == 0 ? ARRIVAL_MS : arrived == 1 ? -1 : LEAVING_MS);
    if (count == 0 && arrived) return code;
    if (count == 0) fail(GONE, "use --via node", "Cannot go inside: the container's runtime has started nothing there");
    if (count > 0 && watched[1].revents != 0) {
      struct signalfd_siginfo received;
      if (read(signals, &received, sizeof received) != sizeof received || received.ssi_signo == SIGCHLD) continue;
      /* Until the guest has started, signals end the host; the client sends SIGURG when the runtime refuses. */
      if (!arrived && received.ssi_signo != SIGCONT && received.ssi_signo != SIGWINCH) return 128 + (int)received.ssi_signo;
      if (received.ssi_signo == SIGURG) continue;
      said = (unsigned char)received.ssi_signo;
      (void)!write(commands[1], &said, 1);
    } else if (count > 0 && watched[0].revents != 0) {
      if (read(reports[0], &said, 1) != 1) return code;
      if (arrived) {
        /* Waits until the guest has ended too: then nothing of this program is left in the target. */
        code = said;
        arrived = 2;
        continue;
      }
      arrived = 1;
      /* The guest has them; when it ends, no process has them any more. */
      close(SIGNALS), close(REPORT), close(SHELL);
      for (int i = 0; i < 3; i++) close(i);
      hide_arguments();
      prctl(PR_SET_NAME, "inside");
    }
  }
}

/* Reopens a descriptor of the host: a terminal for reading and writing, a pipe for the direction that it has there. */
static int open_of(const struct target *host, int number, int flags) {
  char path[16];
  struct stat found;
  snprintf(path, sizeof path, "fd/%d", number);
  if (fstatat(host->proc, path, &found, 0) == 0 && S_ISCHR(found.st_mode)) flags = O_RDWR;
  int opened = openat(host->proc, path, flags | O_NOCTTY | O_CLOEXEC);
  if (opened < 0)
    fail(DENIED, NULL, "Cannot reach the endoscope from within the container: %s", strerror(errno));
  return opened;
}

/* Returns the zero-terminated strings of a file of /proc. */
static char **strings_of(const struct target *host, const char *name) {
  size_t length, count = 0;
  char *text = read_file(host, name, &length);
  char **list = allocate(NULL, (length + 1) * sizeof *list);
  for (size_t i = 0; i < length; i += strlen(text + i) + 1) list[count++] = text + i;
  list[count] = NULL;
  return list;
}

/* Takes scope's own variables from the host, because the container may have variables of the same names. */
static void take_variables(char **environment) {
  for (int i = 0; i < OURS; i++) unsetenv(ours[i]);
  for (; *environment != NULL; environment++)
    for (int i = 0; i < OURS; i++)
      if (is_variable(*environment, ours[i])) putenv(*environment);
}

/* Passes signals on to the shell until it has ended or the host is gone. Returns its exit code. */
static unsigned char follow(pid_t shell, int commands) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  int signals = must(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), "receive signals");
  struct pollfd watched[2] = { { .fd = commands, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
  for (;;) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == shell) return (unsigned char)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    poll(watched, 2, -1);
    struct signalfd_siginfo received;
    (void)!read(signals, &received, sizeof received);
    unsigned char number;
    if (watched[0].revents == 0) continue;
    if (read(commands, &number, 1) != 1) return 128 + SIGKILL;
    if (kill(-shell, number) < 0) kill(shell, number);
  }
}

/* Ends the remaining children of this process: by SIGTERM for half a second, then by SIGKILL. */
static void end_children(void) {
  for (int step = 0; step < 100; step++) {
    pid_t left[256], pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {}
    if (pid < 0) return;
    int count = children_of(getpid(), left, 256);
    for (int i = 0; i < count; i++) {
      kill(left[i], step < 25 ? SIGTERM : SIGKILL);
      if (step < 25) kill(left[i], SIGHUP), kill(left[i], SIGCONT);
    }
    usleep(step == 0 ? 1000 : 20000);
  }
}

_Noreturn void be_guest(pid_t host_pid) {
  struct target host = { 0 };
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", host_pid);
  host.proc = must(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "find who wants to go inside");
  int report = open_of(&host, REPORT, O_WRONLY), commands = open_of(&host, SIGNALS, O_RDONLY);
  char **argv = strings_of(&host, "cmdline");
  struct options options = read_options(&argv);
  struct stat busybox;
  snprintf(path, sizeof path, "fd/%d", SHELL);
  int shell = fstatat(host.proc, path, &busybox, 0) == 0 ? open_of(&host, SHELL, O_RDONLY) : -1;
  for (int i = 2; i >= 0; i--) {
    int opened = open_of(&host, i, i == 0 ? O_RDONLY : O_WRONLY);
    must(dup2(opened, i), "take over input and output");
    close(opened);
  }
  /* When the pod's memory runs out, the kernel kills this process before the target. */
  int adjustment = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (adjustment >= 0) (void)!write(adjustment, "1000", 4), close(adjustment);
  struct rlimit data;
  if (prlimit(host_pid, RLIMIT_DATA, NULL, &data) == 0) setrlimit(RLIMIT_DATA, &data);
  char **of_host = strings_of(&host, "environ");
  close(host.proc);
  /* From here on errors are reported to the host; the output of the runtime is no longer read. */
  signal(SIGPIPE, SIG_IGN);
  (void)!write(report, "", 1);
  failure_report = report;
  struct target target = examine(&options);
  take_variables(of_host);
  char **environment = make_environment(&target, &options);
  umask(target.mask);
  int there = go_to_cwd(&target, 0);
  confine(&target);
  go_to_cwd(&target, there);
  close(target.cwd), close(target.proc);
  must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become a reaper");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  pid_t first = must(fork(), "start the shell");
  if (first == 0) {
    failure_report = -1;
    setsid();
    if (isatty(0)) ioctl(0, TIOCSCTTY, 0);
    become(shell, argv, environment);
  }
  for (int i = 0; i < 3; i++) close(i);
  close(shell);
  hide_arguments();
  unsigned char code = follow(first, commands);
  end_children();
  (void)!write(report, &code, 1);
  _exit(0);
}
