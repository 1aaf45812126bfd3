import { say } from "../lib/output.ts";
import { runCapture } from "./capture.ts";
import { tagged, writeCapture } from "./capture_file.ts";
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
    const { stdout, stderr } = await captured([...inPod, program, before, ...strace], { env });
    const lines = tagged("stdout", stdout);
    const isReport = (line: string) => /^stdout\|(pid|exit)\|/.test(line);
    const report = (kind: string) =>
      lines.filter((line) => line.startsWith(`stdout|${kind}|`)).map((line) => line.slice(7));
    writeCapture(
      `${directory}/${name}.txt`,
      ["strace", "-ttt", "-T", ...options, "-o", "/dev/stdout", "-p", "PID"].join(" "),
      [
        ...report("pid"),
        ...lines.filter((line) => !isReport(line)),
        ...tagged("stderr", stderr).filter((line) => line.startsWith("stderr|/usr/bin/strace:")),
      ],
      Number(report("exit")[0]?.slice("exit|".length)),
    );
  }
});
