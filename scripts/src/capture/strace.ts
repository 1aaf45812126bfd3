import { ScriptError } from "../lib/errors.ts";
import { say } from "../lib/output.ts";
import { runCapture } from "./capture.ts";
import { linesOf, tagged, writeCapture } from "./capture_file.ts";
import { captured } from "./captured.ts";
import { clusterEnvironment, scope } from "./cluster.ts";
import { cases } from "./strace_cases.ts";

const USAGE = `Usage: scripts/capture-strace [DIRECTORY]

Runs the strace of the endoscope image on programs of that image, in the pid namespace of demo/web on the test cluster
(scripts/cluster up, scripts/image), and writes one file a case to DIRECTORY (tests/testdata/strace). Each file: the
command line after "# ", then the lines of standard output as "stdout|...", of standard error as "stderr|...", then
"exit|CODE". PID stands in the command line for the pid that was traced.
`;

await runCapture("strace", USAGE, async (directory) => {
  const env = clusterEnvironment();
  const inside = Deno.readTextFileSync(`${import.meta.dirname}/strace_in_pod.sh`);
  const inPod = [scope, "-n", "demo", "-p", "web", "--via", "node", "shell", "--", "sh", "-c", inside, "sh"];
  for (const { name, program, before = ":", wrapper = [], options } of cases) {
    say(name);
    // With its path, as the manager starts it: strace's messages contain the path.
    const strace = [...wrapper, "/usr/bin/strace", "-ttt", "-T", ...options, "-o", "/dev/stdout"];
    const { stdout, stderr, code } = await captured([...inPod, program, before, ...strace], { env });
    if (code !== 0) throw new ScriptError(`Cannot trace in the pod (exit code ${code}): ${stderr}`);
    const lines = linesOf(stdout);
    const isReport = (line: string) => /^(pid|exit)\|/.test(line);
    const exit = lines.find((line) => line.startsWith("exit|")) ?? "";
    writeCapture(
      `${directory}/${name}.txt`,
      ["strace", "-ttt", "-T", ...options, "-o", "/dev/stdout", "-p", "PID"].join(" "),
      [
        ...lines.filter((line) => line.startsWith("pid|")),
        ...lines.filter((line) => !isReport(line)).map((line) => `stdout|${line}`),
        ...tagged("stderr", stderr).filter((line) => line.startsWith("stderr|/usr/bin/strace:")),
      ],
      Number(exit.slice("exit|".length)),
    );
  }
});
