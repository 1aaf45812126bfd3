/*
 * A library that every program of this image loads (/etc/ld.so.preload), for strace. When strace ends, it detaches from a
 * process that just stopped to receive a signal without passing the signal on. A shell that lost a SIGCHLD this way waits
 * forever. Here the signal is passed on, as ptrace(2) demands of a tracer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>

typedef long ptrace_function(enum __ptrace_request, pid_t, void *, void *);

/*
 * Returns the signal that a stopped process is about to receive, 0 if it stopped for another reason, and -1 with ESRCH in errno
 * if it is not stopped.
 */
static long signal_of(ptrace_function *ptrace_of_libc, pid_t pid) {
  siginfo_t info;
  if (ptrace_of_libc(PTRACE_GETSIGINFO, pid, NULL, &info) != 0) return errno == ESRCH ? -1 : 0;
  /* The stops of calls and events have a code of ptrace's own; an event is in the second byte. */
  int is_call = info.si_signo == SIGTRAP && (info.si_code & ~0x80) == SIGTRAP;
  int is_event = info.si_code > 0xff;
  return is_call || is_event ? 0 : info.si_signo;
}

long ptrace(enum __ptrace_request request, ...) {
  static ptrace_function *ptrace_of_libc;
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
  va_end(arguments);
  if (ptrace_of_libc == NULL) *(void **)&ptrace_of_libc = dlsym(RTLD_NEXT, "ptrace");
  /* A debugger detaches without a signal on purpose, from a breakpoint or its own SIGSTOP. */
  if (request == PTRACE_DETACH && data == NULL && strcmp(program_invocation_short_name, "strace") == 0) {
    int before = errno;
    long signal = signal_of(ptrace_of_libc, pid);
    /* By now the process may have stopped for a signal that is not known here. strace takes this answer, and stops it. */
    if (signal == -1) return -1;
    errno = before;
    data = (void *)signal;
  }
  return ptrace_of_libc(request, pid, address, data);
}
