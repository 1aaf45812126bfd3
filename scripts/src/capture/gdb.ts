import { ScriptError } from "../lib/errors.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { runCapture } from "./capture.ts";
import { captured } from "./captured.ts";
import { clusterEnvironment, scope } from "./cluster.ts";

const USAGE = `Usage: scripts/capture-gdb [DIRECTORY]

Compiles a small program with threads, runs it in a debug pod of the cluster of scripts/cluster, and has the gdb of the
image there print its stacks, one file a case, to DIRECTORY (tests/testdata/gdb). The cluster must be up. Each file: the
command line after "# " with PID for the process, then each line of output as "stdout|..." or "stderr|...", then
"exit|CODE".
`;

interface Case {
  readonly name: string;
  /** The process that gdb looks at. */
  readonly process: readonly string[];
  /** Shell command that is run first. */
  readonly before?: string;
  /** Shell command that starts gdb. */
  readonly gdb?: string;
}

const sleeps = ["sleep", "1000"];
const cases: readonly Case[] = [
  { name: "threads", process: ["/tmp/threads"] },
  { name: "endless", process: ["/tmp/threads", "1000"] },
  { name: "stripped", process: sleeps },
  {
    name: "traced",
    process: sleeps,
    before: "strace -q -p $pid >/dev/null 2>&1 & helper=$!; sleep 0.5",
  },
  { name: "gone", process: sleeps, before: "kill -KILL $pid; wait $pid" },
  { name: "killed", process: sleeps, gdb: "timeout -s KILL 0.05 gdb" },
  {
    // Another user without capabilities, as in an ephemeral container.
    name: "forbidden",
    process: sleeps,
    gdb: "exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all gdb",
  },
  // Limited memory, as in a pod with a memory limit.
  { name: "little_memory", process: sleeps, gdb: "ulimit -S -d 16384; exec gdb" },
];

await runCapture("gdb", USAGE, async (directory) => {
  await need("gcc", "gcc", "libc6-dev");
  const env = clusterEnvironment();
  using scratch = new TemporaryDirectory();
  const program = `${scratch.path}/threads`, here = import.meta.dirname!;
  Deno.copyFileSync(`${here}/threads.c`, `${program}.c`);
  const options = ["-g", "-O1", "-fno-optimize-sibling-calls", "-static", "-pthread"];
  await runShown(["gcc", ...options, "-o", "threads", "threads.c"], { cwd: scratch.path });

  const launched = await runShown([scope, "-n", "demo", "-p", "web", "-o", "json", "launch"], { env });
  const pod = /"name":"([^"]*)"/.exec(launched)?.[1] ?? "";
  const there = ["kubectl", "-n", "demo", "exec", "-i", pod, "--"];
  const upload = [...there, "sh", "-c", "cat >/tmp/threads && chmod 755 /tmp/threads"];
  const { code, stderr } = await captured(upload, { env, stdinFile: program });
  if (code !== 0) throw new ScriptError(`Cannot copy the program into the pod "${pod}": ${stderr}`);
  const stdin = Deno.readTextFileSync(`${here}/gdb_in_pod.sh`);
  for (const { name, process, before = ":", gdb = "exec gdb" } of cases) {
    say(name);
    const capture = await runShown([...there, "sh", "-s", before, gdb, ...process], { env, stdin });
    Deno.writeTextFileSync(`${directory}/${name}.txt`, capture);
  }
  await runShown([...there, "rm", "-f", "/tmp/threads"], { env });
});
