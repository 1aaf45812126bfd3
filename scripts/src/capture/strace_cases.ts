/** A program that is traced, and how. */
export interface Case {
  readonly name: string;
  /** Shell command of the program. It sleeps for a second first, so that strace is attached in time. */
  readonly program: string;
  /** Shell command that is run before, and may use the program's pid as $p. */
  readonly before?: string;
  /** Command that runs strace. */
  readonly wrapper?: readonly string[];
  readonly options: readonly string[];
}

const sleeps = "sleep 5";
const all = ["-f"];

export const cases: readonly Case[] = [
  {
    name: "files",
    program: 'sh -c "sleep 1; read -r a </etc/hostname; cd /nowhere; exit 3" 2>/dev/null',
    options: all,
  },
  {
    name: "children",
    program: 'sh -c "sleep 1; (sleep 0.1; exit 2) & (sleep 0.1; exit 1) & wait; exit 0"',
    options: ["-f", "-e", "trace=%process,pause,clock_nanosleep,wait4"],
  },
  {
    name: "thread_alone",
    program: 'sh -c "sleep 1; true; exit 0"',
    options: ["--always-show-pid", "-e", "trace=clone,vfork,wait4,exit_group"],
  },
  {
    name: "detached",
    program: sleeps,
    wrapper: ["timeout", "--foreground", "-s", "INT", "1.5"],
    options: all,
  },
  {
    name: "signals",
    program: String.raw`sh -c "trap : USR1; sleep 1; kill -USR1 \$\$; kill -STOP \$\$; kill -SEGV \$\$"`,
    before: "(sleep 1.5; kill -CONT $p) &",
    options: ["-f", "-e", "trace=none"],
  },
  { name: "killed", program: sleeps, before: "(sleep 0.5; kill -9 $p) &", options: all },
  {
    // deno has threads; the text that it writes looks like the end of a call.
    name: "threads",
    program: String
      .raw`deno eval "setTimeout(()=>{},1300); setTimeout(()=>Deno.writeTextFileSync(\"/dev/null\",\") = 0 <0.1> (x <unfinished ...>\"),900)"`,
    before: "sleep 0.4",
    options: ["-f", "-s", "64", "-e", "trace=write,futex,exit_group,exit"],
  },
  {
    name: "programs",
    program: `exec deno eval 'setTimeout(()=>new Deno.Command("true").spawn(),600); setTimeout(()=>Deno.exit(4),900)'`,
    before: "sleep 0.4",
    options: ["-f", "-e", "trace=execve,vfork,clone3,exit_group"],
  },
  {
    name: "decoded",
    program: String.raw`sh -c "sleep 1; exec 3<\"/etc/hostname\"; read -r a <&3; exit 0"`,
    options: ["-f", "-y", "-e", "read=0", "-e", "trace=read,dup2,fcntl,close"],
  },
  {
    name: "failed_only",
    program: 'sh -c "sleep 1; cat /nowhere; exit 0" 2>/dev/null',
    options: ["-f", "-Z", "-e", "trace=openat"],
  },
  { name: "unknown_pid", program: ":", before: "wait $p", options: all },
  { name: "traced_already", program: sleeps, before: "strace -q -o /dev/null -p $p & sleep 0.3", options: all },
  { name: "not_capable", program: sleeps, wrapper: ["setpriv", "--bounding-set=-all"], options: all },
  {
    name: "not_permitted",
    program: sleeps,
    wrapper: ["strace", "-o", "/dev/null", "-e", "inject=ptrace:error=EPERM"],
    options: all,
  },
  { name: "bad_syscall", program: sleeps, options: ["-f", "-e", "trace=foo"] },
  { name: "bad_option", program: sleeps, options: ["-f", "-e", "foo=bar"] },
  { name: "bad_signal", program: sleeps, options: ["-f", "-e", "signal=FOO"] },
  { name: "bad_status", program: sleeps, options: ["-f", "-e", "status=foo"] },
  { name: "bad_limit", program: sleeps, options: ["-f", "-s", "x"] },
];
