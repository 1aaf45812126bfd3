# Extends gdb for scope: attaches to a process of a container from outside of it, and prints the stacks of all its threads.
# The container's image is hostile: gdb runs none of its files, and looks for them only in the container's root.
import ctypes
import gdb
import json
import os
import re
import shutil
import signal
import stat
import sys
import tempfile
import time

# Exit codes of scope's kinds of errors.
EXIT_CODES = {"notFound": 68, "unreachable": 69, "denied": 77}
CAP_DAC_OVERRIDE, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 1, 5, 19, 21

SYS_OPENAT2 = 437
# Flags of openat2(2): ".." and absolute symlinks stay below the directory, and the magic links of /proc are refused.
RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS = 0x10, 0x02
# A hostile stack may be endless, and the time for which the target is stopped must have a limit.
MOST_FRAMES = 256
LONGEST_STOP_S = 30
# Names in the image may be invalid UTF-8, and gdb decodes them only when it returns them.
UNREADABLE = (gdb.error, UnicodeError)
GOOD_ENDS = (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_NULL_ID, gdb.FRAME_UNWIND_OUTERMOST)

# Names of functions are UTF-8 almost everywhere, but gdb would decode them in the locale's charset, which is ASCII here.
gdb.execute("set host-charset UTF-8", to_string=True)


class Failure(Exception):
    """An error with a kind, a message, and a hint."""

    def __init__(self, kind, message, hint=None):
        super().__init__(message)
        self.kind, self.message, self.hint = kind, message, hint


def status_of(pid):
    """Returns the lines of /proc/PID/status as a dictionary, or None."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as lines:
            return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return None


def quietly(command):
    """Executes a command without output. If the output names files of the image in invalid UTF-8, decoding it fails; the
    command was executed then."""
    try:
        return gdb.execute(command, to_string=True)
    except UnicodeError:
        return ""


def has(capability):
    return int(status_of("self")["CapEff"], 16) >> capability & 1 == 1


def own_pids():
    """Yields this gdb and its ancestors, which carry its output: stopping one of them would stop gdb, too."""
    pid = os.getpid()
    while pid > 0:
        yield pid
        pid = int(status_of(pid)["PPid"])


def check(pid):
    """Raises the errors that can be found before the target is stopped."""
    status = status_of(pid)
    if status is None:
        raise Failure("notFound", f'Cannot find process "{pid}"', "scope pids lists the target's processes")
    if status["State"].startswith("Z"):
        raise Failure("unreachable", f'Process "{pid}" has ended: it is a zombie that its parent has not waited for yet')
    if pid in own_pids():
        raise Failure("denied", f'Process "{pid}" is one of scope\'s own', "it cannot be stopped and asked at once")
    tracer = int(status["TracerPid"])
    if tracer:
        by = (status_of(tracer) or {}).get("Name", "")
        raise Failure("denied", f'Process "{pid}" is traced by process "{tracer}" ({by}) already', "end that one first")
    if "VmSize" not in status:
        raise Failure("denied", f'Process "{pid}" is a thread of the kernel', "only programs can be traced")
    owner, own = int(status["Uid"].split()[1]), os.geteuid()
    missing = [name for name, cap in (("KILL", CAP_KILL), ("DAC_OVERRIDE", CAP_DAC_OVERRIDE)) if not has(cap)]
    if owner != own and has(CAP_SYS_PTRACE) and missing:
        # Without KILL gdb waits for ever for threads that it cannot stop; without DAC_OVERRIDE it cannot read memory.
        raise Failure("denied", f'Cannot trace process "{pid}" of user {owner} as user {own} without {" and ".join(missing)}',
                      "use --via node")


def refusal(pid, message):
    """Returns the Failure that explains an error of ptrace."""
    status = status_of(pid)
    if status is None or status["State"].startswith("Z"):
        return Failure("unreachable", f'Process "{pid}" ended meanwhile')
    if "not permitted" not in message:
        return Failure("unreachable", f'Cannot attach to process "{pid}": {message}')
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            yama = int(file.read())
    except (OSError, ValueError):
        yama = 0
    if yama == 3:
        hint = "the node's kernel.yama.ptrace_scope is 3: nobody may trace there until it restarts"
    elif not has(CAP_SYS_PTRACE):
        hint = "the capability SYS_PTRACE is missing here; use --via node"
    else:
        hint = "a security module of the node forbids it, or a tracer that is not seen from here"
    return Failure("denied", f'The kernel does not allow tracing process "{pid}"', hint)


def temporary_directory():
    """Makes a directory, in the manager's scratch directory if its root is read-only."""
    return tempfile.mkdtemp(prefix="scope-gdb-", dir=os.environ.get("SCOPE_SCRATCH"))


class Links:
    """A directory of symlinks that represents the target's root. gdb, without the right to enter the target's mount
    namespace, would follow the image's absolute symlinks out of /proc/PID/root; here each file that it opens is a
    symlink to the file found inside."""

    def __init__(self, pid):
        self.root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_CLOEXEC)
        self.directory = temporary_directory()
        self.known = set()

    def add(self, path):
        """Returns True when it adds a new symlink. Accepts only regular files: opening others may block or have an
        effect."""
        link = self.directory + os.path.normpath("/" + path)
        if link in self.known:
            return False
        self.known.add(link)
        how = (ctypes.c_uint64 * 3)(os.O_PATH | os.O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
        found = ctypes.CDLL(None).syscall(SYS_OPENAT2, self.root, os.fsencode(path), how, ctypes.sizeof(how))
        if found < 0:
            return False
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            return False
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(f"/proc/{os.getpid()}/fd/{found}", link)
        return True

    def add_debug_files(self):
        """Adds the separate debugging information by build id, see gdb's manual."""
        ids = [objfile.build_id for objfile in gdb.objfiles() if objfile.is_valid() and objfile.build_id]
        return any([self.add(f"/usr/lib/debug/.build-id/{id[:2]}/{id[2:]}.debug") for id in ids])

    def add_libraries(self):
        listing = gdb.execute("info sharedlibrary", to_string=True)
        names = re.findall(r"^(?:0x\w+ +0x\w+)? +(?:Yes|No)(?: \(\*\))? +(/.*)$", listing, re.MULTILINE)
        return any([self.add(name.removeprefix(self.directory)) for name in names])

    def refresh(self, _event=None):
        """Reads the libraries again when the target has loaded new ones."""
        for find in (self.add_libraries, self.add_debug_files):
            try:
                if find():
                    quietly("nosharedlibrary")
                    quietly("sharedlibrary")
            except (gdb.error, UnicodeError, OSError) as error:
                warn(f"not all libraries are known: {error}")

    def remove(self, _event=None):
        shutil.rmtree(self.directory, ignore_errors=True)


links = None
# Problems that are no reason to stop.
warnings = []


def warn(text):
    if text not in warnings:
        warnings.append(text)


def prepare(pid):
    """Does everything slow that is possible while the target still runs."""
    global links
    check(pid)
    if has(CAP_SYS_ADMIN):
        # gdb has a helper that opens files in the target's mount namespace, where symlinks resolve as in the target.
        gdb.execute("set sysroot target:", to_string=True)
    else:
        try:
            links = Links(pid)
        except OSError as error:
            # The error differs from ptrace's, but the required right is the same, see proc(5).
            raise refusal(pid, "not permitted" if isinstance(error, PermissionError) else str(error)) from None
        gdb.events.gdb_exiting.connect(links.remove)
        gdb.execute(f"set sysroot {links.directory}", to_string=True)
    for _ in range(2):
        try:
            # Not by path: the program may have been deleted or replaced.
            quietly(f"file /proc/{pid}/exe")
        except gdb.error as error:
            warn(f"no symbols of the program: {error}")
        try:
            if links is None or not links.add_debug_files():
                break
        except OSError as error:
            warn(f"no separate symbols of the program: {error}")
            break


def attach(pid):
    try:
        quietly(f"with suppress-cli-notifications on -- attach {pid}")
    except gdb.error as error:
        raise refusal(pid, str(error).strip()) from None
    if links is not None:
        links.refresh()
        gdb.events.stop.connect(links.refresh)


def finish(code):
    sys.stdout.flush()
    gdb.execute(f"quit {code}")


def scope_attach(pid):
    """Attaches for an interactive session and prints the target's position, or ends gdb."""
    try:
        prepare(pid)
        attach(pid)
    except Failure as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        gdb.write(f"error: {error.message}{hint}\n", gdb.STDERR)
        return finish(EXIT_CODES[error.kind])
    for warning in warnings:
        gdb.write(f"warning: {warning}\n", gdb.STDERR)
    threads = len(gdb.selected_inferior().threads())
    gdb.write(f"Process {pid} stands still ({threads} thread{'s'[:threads != 1]}) until you say continue, detach or quit.\n")
    gdb.execute("frame")


def scope_source():
    """Runs the user's command files."""
    for file in json.loads(os.environ.pop("SCOPE_GDB_COMMANDS")):
        directory = temporary_directory()
        try:
            # Keep the name: it tells gdb the language, and the user where an error is.
            path = f"{directory}/{os.path.basename(file['name'])}"
            with open(path, "w", encoding="utf-8") as copy:
                copy.write(file["text"])
            gdb.execute(f"source {path}")
        except gdb.error as error:
            raise gdb.GdbError(str(error).replace(f"{directory}/", "")) from None
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def scope_backtrace(pid):
    """Prints the stacks of all threads as JSON, one line each, after detaching from the target."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        prepare(pid)
        begin = time.monotonic()
        signal.alarm(LONGEST_STOP_S)
        attach(pid)
        try:
            found = [thread_of(pid, thread) for thread in sorted(gdb.selected_inferior().threads(), key=lambda one: one.ptid[1])]
        finally:
            try:
                quietly("detach")
            except gdb.error:
                pass  # the target has ended
        stopped_ms = (time.monotonic() - begin) * 1000
        signal.alarm(0)
        lines = found + [{"stoppedMs": round(stopped_ms, 1), "warnings": warnings or None}]
    except Failure as error:
        lines = [{"error": error.kind, "message": error.message, "hint": error.hint}]
        code = EXIT_CODES[error.kind]
    else:
        code = 0
    for line in lines:
        print(json.dumps({key: value for key, value in line.items() if value is not None}))
    finish(code)


def thread_of(pid, thread):
    thread.switch()
    frames, problem = [], None
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(frames) < MOST_FRAMES:
            frames.append(frame_of(frame))
            last, frame = frame, frame.older()
        if frame is not None:
            problem = f"only the newest {MOST_FRAMES} frames"
        elif last.unwind_stop_reason() not in GOOD_ENDS:
            problem = gdb.frame_stop_reason_string(last.unwind_stop_reason())
    except UNREADABLE as error:
        problem = str(error)
    return {"thread": thread.ptid[1], "name": name_of(pid, thread.ptid[1]), "frames": frames, "problem": problem}


def name_of(pid, thread):
    """Returns a thread's name, not by gdb, which decodes it as text: the kernel truncates it to 15 bytes, possibly within
    a character."""
    try:
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8", errors="replace", newline="\n") as name:
            return name.readline().rstrip("\n")
    except OSError:
        return None


def text(read):
    """Returns a name, or None for invalid UTF-8: the rest of the frame is still useful."""
    try:
        return read()
    except UnicodeError:
        return None


def frame_of(frame):
    where = frame.find_sal()
    inlined, handler = frame.type() == gdb.INLINE_FRAME, frame.type() == gdb.SIGTRAMP_FRAME
    seen = {
        "level": frame.level(),
        "address": None if inlined else hex(frame.pc()),
        "function": "<signal handler called>" if handler else text(frame.name),
        "arguments": arguments_of(frame),
        "file": text(lambda: where.symtab.filename) if where.symtab else None,
        "line": where.line if where.symtab else None,
        "library": None if inlined else library_at(frame.pc()),
    }
    return {key: value for key, value in seen.items() if value is not None}


def library_at(address):
    name = text(lambda: gdb.solib_name(address))
    if name is None:
        return None
    return name.removeprefix("target:") if links is None else name.removeprefix(links.directory)


def arguments_of(frame):
    """Returns the arguments, with values of scalars only, as gdb prints them in a backtrace."""
    try:
        block = frame.block()
    except RuntimeError:
        return None  # no debugging information
    while block.function is None and block.superblock is not None:
        block = block.superblock
    return [{"name": text(lambda: symbol.name) or "?", "value": value_of(symbol, frame)} for symbol in block if symbol.is_argument]


def value_of(symbol, frame):
    try:
        value = symbol.value(frame)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY):
            return "..."
        return value.format_string(max_elements=64, raw=True)
    except UNREADABLE as error:
        return f"<{error}>"
